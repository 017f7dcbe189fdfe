from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest

from tf_happywhale.models.layers.window_attention import WindowAttention

SIDE, CHANNELS, HEADS = 8, 6, 2


def drawn(layer: WindowAttention, side: int = SIDE) -> dict[str, np.ndarray]:
    """Build the layer, fill it at random, and return its variables by name."""
    layer.build((None, side, side, CHANNELS))
    draw = np.random.default_rng(4)
    for variable in layer.variables:
        variable.assign(draw.normal(0, 0.7, variable.shape))
    return {variable.name: np.float64(variable) for variable in layer.variables}


def features(side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(side).normal(size=(2, side, side, CHANNELS)).astype("f4")


def reference(x: np.ndarray, w: dict[str, np.ndarray], window: int, shift: int) -> np.ndarray:
    """Go through all pairs of cells, one picture and head after the other. Two cells see each other
    if they are in the same window, and none or both of them were carried over the map's edge."""
    side, part, table = x.shape[1], CHANNELS // HEADS, 2 * window - 1
    cells = list(itertools.product(range(side), repeat=2))
    placed = {cell: [(line - shift) % side for line in cell] for cell in cells}
    out = np.zeros(x.shape)
    for n, head in itertools.product(range(len(x)), range(HEADS)):
        q, k, v = (
            {
                cell: x[n][cell] @ w["qkv_kernel"][:, start : start + part]
                + w["qkv_bias"][start : start + part]
                for cell in cells
            }
            for start in (head * part, CHANNELS + head * part, 2 * CHANNELS + head * part)
        )
        for one in cells:
            scores = {}
            for other in cells:
                at, to = np.array(placed[one]), np.array(placed[other])
                if (at // window != to // window).any():
                    continue
                row, column = at - to + window - 1
                scores[other] = (
                    q[one] @ k[other] / part**0.5
                    + w["relative_position_bias_table"][row * table + column, head]
                    - 100 * any((a < shift) != (b < shift) for a, b in zip(one, other, strict=True))
                )
            shares = np.exp(np.array(list(scores.values())) - max(scores.values()))
            shares /= shares.sum()
            seen = sum(share * v[other] for share, other in zip(shares, scores, strict=True))
            out[n][one][head * part : (head + 1) * part] = seen
    return out @ w["proj_kernel"] + w["proj_bias"]


@pytest.mark.parametrize(("window", "shift"), [(4, 0), (4, 2), (4, 1), (2, 1)])
def test_is_attention_between_the_cells_of_each_window(window, shift):
    layer = WindowAttention(HEADS, window, shift)
    weights, x = drawn(layer), features()
    found = np.asarray(layer(x))
    assert found.shape == x.shape
    np.testing.assert_allclose(found, reference(x, weights, window, shift), atol=2e-5)


def test_a_map_no_larger_than_a_window_is_one_window_and_not_shifted():
    layer = WindowAttention(HEADS, 7, 3)
    weights, x = drawn(layer, 3), features(3)
    assert weights["relative_position_bias_table"].shape == (25, HEADS)
    np.testing.assert_allclose(np.asarray(layer(x)), reference(x, weights, 3, 0), atol=2e-5)


def test_what_lies_in_another_window_changes_nothing():
    layer, x = WindowAttention(HEADS, 4), features()
    drawn(layer)
    other = x.copy()
    other[:, :4, :4] += 1
    same = np.asarray(layer(x)) == np.asarray(layer(other))
    assert same[:, 4:].all() and same[:, :, 4:].all() and not same[:, :4, :4].any()


def test_windows_that_do_not_tile_the_map_are_refused():
    for shape in ((None, 9, 9, 6), (None, 8, 12, 6)):
        with pytest.raises(ValueError, match="do not tile"):
            WindowAttention(HEADS, 4).build(shape)


def test_saved_and_loaded_it_says_the_same(policy, reload):
    layer = WindowAttention(HEADS, 4, 2, name="attn")
    weights, x = drawn(layer), features()
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    model = keras.Model(inputs, layer(inputs))
    found = model(x)
    assert found.dtype == keras.config.dtype_policy().compute_dtype
    loose = 2e-5 if policy == "float32" else 0.15
    found = np.float32(found)
    np.testing.assert_allclose(found, reference(x, weights, 4, 2), atol=loose)
    np.testing.assert_array_equal(np.float32(reload(model)(x)), found)
    again = WindowAttention.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_gradients_reach_every_variable():
    import tensorflow as tf

    layer = WindowAttention(HEADS, 4, 2)
    drawn(layer)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(layer(features())))
    for gradient in tape.gradient(total, [v.value for v in layer.trainable_variables]):
        values = tf.convert_to_tensor(gradient).numpy()  # the table's is of its rows
        assert np.isfinite(values).all() and np.any(values)
