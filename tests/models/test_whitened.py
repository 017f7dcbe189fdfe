from __future__ import annotations

import keras
import numpy as np

from tf_happywhale.models.whitened import add_whitening, among_embeddings

RNG = np.random.default_rng(4)
KERNEL = RNG.normal(size=(5, 5)).astype(np.float32)
BIAS = RNG.normal(size=5).astype(np.float32)


def small() -> keras.Model:
    pictures = keras.Input((None, None, 3), name="picture")
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(5, 3)(pictures))
    return keras.Model(pictures, x, name="embedder")


def test_the_map_comes_after_length_one(reload):
    embedder = small()
    pictures = RNG.normal(size=(3, 8, 8, 3)).astype(np.float32)
    plain = np.asarray(embedder(pictures))
    want = plain / np.linalg.norm(plain, axis=1, keepdims=True) @ KERNEL + BIAS
    whitened = reload(add_whitening(embedder, KERNEL, BIAS))
    np.testing.assert_allclose(np.asarray(whitened(pictures)), want, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(embedder(pictures)), plain)  # as it was


def test_centres_go_the_way_of_embeddings():
    embedder = small()
    pictures = RNG.normal(size=(3, 8, 8, 3)).astype(np.float32)
    whitened = add_whitening(embedder, KERNEL, BIAS)
    centre = 7 * np.asarray(embedder(pictures))  # centres that lie where embeddings lie
    np.testing.assert_allclose(
        among_embeddings(whitened, centre), np.asarray(whitened(pictures)), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(among_embeddings(embedder, centre), centre)
