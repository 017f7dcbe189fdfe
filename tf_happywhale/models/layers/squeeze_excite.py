"""Squeeze-and-excitation: channels weighted by the mean of the whole feature map."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class SqueezeExcite(keras.layers.Layer):
    """x · gain · sigmoid(expand(act(reduce(mean of x)))): a gate for each channel.

    Args:
        channels: width between the two layers.
        activation: Keras' name of the activation between them.
        gain: see `ChannelAttention`.

    Input and output: feature map [n, h, w, c].

    Example:
        >>> SqueezeExcite(8)(keras.ops.ones((2, 7, 7, 32))).shape
        (2, 7, 7, 32)

    References:
        Hu et al.: Squeeze-and-Excitation Networks, CVPR 2018, https://arxiv.org/abs/1709.01507
    """

    def __init__(
        self, channels: int, activation: str = "silu", gain: float = 1.0, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.activation, self.gain = channels, activation, gain

    def build(self, input_shape: tuple) -> None:
        outside = input_shape[-1]
        start = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")

        def layer(name: str, shape: tuple[int, int]) -> tuple:
            kernel = self.add_weight(name=f"{name}_kernel", shape=shape, initializer=start)
            return kernel, self.add_weight(
                name=f"{name}_bias", shape=shape[1:], initializer="zeros"
            )

        self.reduce_kernel, self.reduce_bias = layer("reduce", (outside, self.channels))
        self.expand_kernel, self.expand_bias = layer("expand", (self.channels, outside))

    def call(self, features):
        gate = ops.mean(features, axis=(1, 2))
        gate = ops.matmul(gate, self.reduce_kernel) + self.reduce_bias
        gate = keras.activations.get(self.activation)(gate)
        gate = ops.sigmoid(ops.matmul(gate, self.expand_kernel) + self.expand_bias)
        return features * (self.gain * gate)[:, None, None, :]

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict:
        own = {"channels": self.channels, "activation": self.activation, "gain": self.gain}
        return {**super().get_config(), **own}
