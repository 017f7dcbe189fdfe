"""Convolution with scaled weight standardisation, which NFNets use instead of BatchNorm."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class ScaledStdConv(keras.layers.Layer):
    """A convolution whose filters have mean 0 and a fixed length, times a trained gain.

    A filter w of n weights is used as gain · scale / √n · (w − mean) / √(variance + ε). It is
    standardised in float32 under any policy. Padding is as in PyTorch: half the kernel on each
    side. With a stride of 2 this uses other pixels than TensorFlow's SAME.

    Args:
        filters: channels of the output.
        kernel_size: side of the kernel, odd.
        strides: steps in both directions.
        groups: number of groups of channels that are convolved separately.
        scale: constant factor on the kernel, such as the gain of the activation before it.
        epsilon: added to the variance.
        gain: initial value of the trained gain. With 0 at the end of a residual branch, training
            begins with the shortcut alone (skip-init).

    Input: feature map [n, h, w, c]. Output: [n, ⌈h/strides⌉, ⌈w/strides⌉, filters].

    Example:
        >>> ScaledStdConv(64, 3, strides=2)(keras.ops.ones((2, 9, 9, 32))).shape
        (2, 5, 5, 64)

    References:
        Brock et al.: Characterizing signal propagation to close the performance gap in unnormalized
        ResNets, ICLR 2021, https://arxiv.org/abs/2101.08692
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 1,
        *,
        strides: int = 1,
        groups: int = 1,
        scale: float = 1.0,
        epsilon: float = 1e-5,
        gain: float = 1.0,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.groups, self.scale, self.epsilon, self.start = groups, scale, epsilon, gain

    def build(self, input_shape: tuple) -> None:
        channels = input_shape[-1]
        if channels % self.groups or self.filters % self.groups:
            raise ValueError(
                f"{channels} and {self.filters} channels do not divide into {self.groups} groups"
            )
        shape = (self.kernel_size, self.kernel_size, channels // self.groups, self.filters)
        start = keras.initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal")
        float32 = {"dtype": "float32", "autocast": False}
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=start, **float32)
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        constant = keras.initializers.Constant(self.start)
        self.gain = self.add_weight(
            name="gain", shape=(self.filters,), initializer=constant, **float32
        )

    def call(self, features):
        kernel = ops.cast(self._standardised(), self.compute_dtype)
        padding = "same"
        if self.strides > 1 and self.kernel_size > 1:
            half = self.kernel_size // 2
            features = ops.pad(features, [[0, 0], [half, half], [half, half], [0, 0]])
            padding = "valid"
        if self.groups == 1:
            maps = ops.conv(features, kernel, self.strides, padding)
        else:
            # A convolution for each group: grouped ones are slow in TensorFlow on CPUs.
            inputs = ops.split(features, self.groups, axis=-1)
            kernels = ops.split(kernel, self.groups, axis=-1)
            maps = ops.concatenate(
                [
                    ops.conv(part, filters, self.strides, padding)
                    for part, filters in zip(inputs, kernels, strict=True)
                ],
                axis=-1,
            )
        return maps + self.bias

    def _standardised(self):
        kernel = ops.convert_to_tensor(self.kernel)
        mean = ops.mean(kernel, axis=(0, 1, 2), keepdims=True)
        centred = kernel - mean
        variance = ops.mean(ops.square(centred), axis=(0, 1, 2))
        weights = kernel.shape[0] * kernel.shape[1] * kernel.shape[2]
        factor = self.gain * (self.scale * weights**-0.5) * ops.rsqrt(variance + self.epsilon)
        return centred * factor

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        sides = (None if n is None else -(-n // self.strides) for n in input_shape[1:3])
        return (input_shape[0], *sides, self.filters)

    def get_config(self) -> dict:
        own = {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "groups": self.groups,
            "scale": self.scale,
            "epsilon": self.epsilon,
            "gain": self.start,
        }
        return {**super().get_config(), **own}
