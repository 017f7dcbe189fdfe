"""Efficient channel attention (ECA): a gate for each channel, from the channels next to it."""

from __future__ import annotations

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class ChannelAttention(keras.layers.Layer):
    """x · gain · sigmoid(one short convolution along the channels' means).

    The length of the convolution grows with the number of channels c: (log2 c + 1) / 2, rounded
    down, then up to an odd number, and at least 3.

    Args:
        gain: constant factor on the result. A gate halves a signal on average, which networks
            without normalisation must make up for.

    Input and output: feature map [n, h, w, c].

    Example:
        >>> ChannelAttention()(keras.ops.ones((2, 7, 7, 256))).shape
        (2, 7, 7, 256)

    References:
        Wang et al.: ECA-Net, CVPR 2020, https://arxiv.org/abs/1910.03151
    """

    def __init__(self, gain: float = 1.0, **kwargs) -> None:
        super().__init__(**kwargs)
        self.gain = gain

    def build(self, input_shape: tuple) -> None:
        length = int((math.log2(input_shape[-1]) + 1) / 2)
        length = max(3, length if length % 2 else length + 1)
        self.kernel = self.add_weight(
            name="kernel", shape=(length, 1, 1), initializer="glorot_uniform"
        )

    def call(self, features):
        means = ops.mean(features, axis=(1, 2))[..., None]  # [n, c, 1]
        gate = ops.sigmoid(ops.conv(means, self.kernel, padding="same"))[..., 0]
        return features * (self.gain * gate)[:, None, None, :]

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "gain": self.gain}
