from __future__ import annotations

import keras
import numpy as np

from tf_happywhale.models.layers.self_attention import SelfAttention

TOKENS, CHANNELS, HEADS = 7, 6, 2


def drawn(layer: SelfAttention) -> dict[str, np.ndarray]:
    """Build the layer, fill it at random, and return its variables by name."""
    layer.build((None, TOKENS, CHANNELS))
    draw = np.random.default_rng(4)
    for variable in layer.variables:
        variable.assign(draw.normal(0, 0.7, variable.shape))
    return {variable.name: np.float64(variable) for variable in layer.variables}


def tokens() -> np.ndarray:
    return np.random.default_rng(5).normal(size=(2, TOKENS, CHANNELS)).astype("f4")


def reference(x: np.ndarray, w: dict[str, np.ndarray]) -> np.ndarray:
    """Go through all tokens, one picture and head after the other."""
    part, out = CHANNELS // HEADS, np.zeros(x.shape)
    q, k, v = np.split(x @ w["qkv_kernel"] + w["qkv_bias"], 3, axis=-1)
    for n in range(len(x)):
        for start in range(0, CHANNELS, part):
            mine = slice(start, start + part)
            for one in range(TOKENS):
                scores = [q[n, one, mine] @ k[n, other, mine] for other in range(TOKENS)]
                shares = np.exp(np.array(scores) / part**0.5)
                out[n, one, mine] = (shares / shares.sum()) @ v[n, :, mine]
    return out @ w["proj_kernel"] + w["proj_bias"]


def test_is_attention_between_all_tokens_and_stays_it_when_saved(policy, reload):
    layer, x = SelfAttention(HEADS, name="attn"), tokens()
    weights = drawn(layer)
    inputs = keras.Input((TOKENS, CHANNELS))
    model = keras.Model(inputs, layer(inputs))
    found = model(x)
    assert found.shape == x.shape
    assert found.dtype == keras.config.dtype_policy().compute_dtype
    loose = 2e-5 if policy == "float32" else 0.15
    found = np.float32(found)
    np.testing.assert_allclose(found, reference(x, weights), atol=loose)
    np.testing.assert_array_equal(np.float32(reload(model)(x)), found)
    again = SelfAttention.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_gradients_reach_every_variable():
    import tensorflow as tf

    layer = SelfAttention(HEADS)
    drawn(layer)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(layer(tokens())))
    for gradient in tape.gradient(total, [v.value for v in layer.trainable_variables]):
        assert np.isfinite(gradient).all() and np.any(gradient)
