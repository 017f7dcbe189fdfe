"""What the tests of training share: coloured squares as whales, and a toy network for them."""

from __future__ import annotations

import keras
import pytest

from tf_happywhale.config import Model


@pytest.fixture(scope="session")
def task(tmp_path_factory: pytest.TempPathFactory):
    """22 noisy squares of 32 pixels in finished records; two folds, fold 1 left out."""
    from tests.training.squares import make_task

    return make_task(tmp_path_factory.mktemp("squares"))


@pytest.fixture
def toy():
    """A function that builds a small embedder, in place of `build_embedder`."""
    from tf_happywhale.models.gem import GeM

    def build(settings: Model) -> keras.Model:
        pictures = keras.Input((None, None, 3), name="picture")
        x = keras.layers.Rescaling(1 / 255)(pictures)
        x = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(x)
        x = GeM(settings.gem_p, name="gem")(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name="neck")(x)
        x = keras.layers.Dense(settings.embedding_size)(x)
        return keras.Model(pictures, x, name="embedder")

    return build
