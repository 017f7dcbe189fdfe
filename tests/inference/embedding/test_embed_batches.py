from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.inference.embedding.embed_batches import embed
from tf_happywhale.records.evaluation_reader import evaluation_batches


@pytest.fixture(scope="module")
def mean_colour() -> keras.Model:
    pictures = keras.Input((None, None, 3))
    return keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(pictures))


@pytest.mark.parametrize("batch_size", [1, 5, 22, 64])
def test_no_image_is_lost_or_doubled_whatever_the_batch(squares, mean_colour, batch_size):
    count = len(squares.images)
    assert count == 22
    batches = evaluation_batches(
        squares.records, "train", squares.images, size=32, batch_size=batch_size
    )
    embedding, names = embed(mean_colour, batches, count, "test")
    assert sorted(names) == sorted(squares.images)
    assert embedding.shape == (22, 3)
    assert embedding.dtype == np.float32
    # Each embedding is its own image's: the colour of its individual.
    colours = {"0001": [220, 40, 40], "1e10": [40, 220, 40], "NA": [40, 40, 220]}
    colours["new"] = [220, 220, 220]
    individual = dict(zip(squares.images, squares.individual_ids, strict=True))
    want = [colours[individual[name]] for name in names]
    np.testing.assert_allclose(embedding, want, atol=6)


def test_rows_keep_the_order_of_the_batches_and_masked_ones_go(mean_colour):
    pictures = np.zeros((2, 3, 4, 4, 3), np.uint8)
    pictures[0, 0], pictures[0, 1], pictures[0, 2], pictures[1, 0] = 7, 1, 5, 3
    names = np.array([["ß.jpg", "b", "a"], ["z", "", ""]])
    mask = np.array([[True, True, True], [True, False, False]])
    coded = np.char.encode(names, "utf-8")
    embedding, found = embed(
        mean_colour, tf.data.Dataset.from_tensor_slices((pictures, coded, mask)), 4, "test"
    )
    assert found.tolist() == ["ß.jpg", "b", "a", "z"]
    assert embedding[:, 0].tolist() == [7, 1, 5, 3]


def test_no_images_are_no_rows(mean_colour):
    nothing = tf.data.Dataset.from_tensor_slices(
        (np.zeros((0, 2, 4, 4, 3), np.uint8), np.zeros((0, 2), "S1"), np.zeros((0, 2), bool))
    )
    embedding, names = embed(mean_colour, nothing, 0, "test")
    assert embedding.shape == (0, 3)
    assert names.shape == (0,)


def test_the_model_is_asked_as_in_inference(squares):
    """BatchNorm by its moving averages: an embedding must not depend on its neighbours."""
    pictures = keras.Input((None, None, 3))
    norm = keras.layers.BatchNormalization()
    model = keras.Model(pictures, norm(keras.layers.GlobalAveragePooling2D()(pictures)))
    before = norm.get_weights()

    def run(batch_size: int) -> dict[str, np.ndarray]:
        batches = evaluation_batches(
            squares.records, "train", squares.images, size=32, batch_size=batch_size
        )
        embedding, names = embed(model, batches, 22, "test")
        return dict(zip(names.tolist(), embedding, strict=True))

    alone, together = run(1), run(8)
    for name in squares.images:
        np.testing.assert_allclose(alone[name], together[name], rtol=1e-5)
    for now, was in zip(norm.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, was)


def test_mirrored_pictures_are_turned_left_for_right():
    pictures = np.zeros((1, 1, 2, 4, 3), np.uint8)
    pictures[0, 0, :, 0] = 200  # the left edge
    seen = keras.Input((2, 4, 3))
    left = keras.Model(seen, keras.ops.mean(keras.ops.cast(seen[:, :, 0], "float32"), axis=1))
    batches = tf.data.Dataset.from_tensor_slices(
        (pictures, np.array([["a"]], "S1"), np.array([[True]]))
    )
    assert embed(left, batches, 1, "test")[0].tolist() == [[200] * 3]
    assert embed(left, batches, 1, "test", mirrored=True)[0].tolist() == [[0] * 3]
