"""Attention between all tokens of a picture."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class SelfAttention(keras.layers.Layer):
    """Multi-head attention of each token to all tokens.

    Args:
        heads: number of heads; it divides the channels.

    Input and output: tokens [n, t, c].

    Example:
        >>> SelfAttention(heads=3)(keras.ops.ones((2, 50, 48))).shape
        (2, 50, 48)

    References:
        Vaswani et al.: Attention is all you need, NeurIPS 2017, https://arxiv.org/abs/1706.03762
    """

    def __init__(self, heads: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.heads = heads

    def build(self, input_shape: tuple) -> None:
        channels = input_shape[-1]
        self.qkv_kernel = self.add_weight(name="qkv_kernel", shape=(channels, 3 * channels))
        self.qkv_bias = self.add_weight(name="qkv_bias", shape=(3 * channels,), initializer="zeros")
        self.proj_kernel = self.add_weight(name="proj_kernel", shape=(channels, channels))
        self.proj_bias = self.add_weight(name="proj_bias", shape=(channels,), initializer="zeros")

    def call(self, tokens):
        count, channels = tokens.shape[1:]
        part = channels // self.heads
        x = ops.matmul(tokens, self.qkv_kernel) + self.qkv_bias
        x = ops.transpose(ops.reshape(x, (-1, count, 3, self.heads, part)), (2, 0, 3, 1, 4))
        query, key, value = ops.unstack(x, 3)
        # Scores of four dimensions let OpenVINO do the attention in one step.
        scores = ops.matmul(query * part**-0.5, ops.transpose(key, (0, 1, 3, 2)))
        shares = ops.softmax(ops.cast(scores, "float32"))
        x = ops.matmul(ops.cast(shares, self.compute_dtype), value)
        x = ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, count, channels))
        return ops.matmul(x, self.proj_kernel) + self.proj_bias

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "heads": self.heads}
