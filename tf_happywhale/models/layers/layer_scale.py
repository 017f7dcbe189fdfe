"""LayerScale: a learned factor for each channel."""

from __future__ import annotations

import keras


@keras.saving.register_keras_serializable("tf_happywhale")
class LayerScale(keras.layers.Layer):
    """x times a learned factor for each channel, so that a residual branch can begin near nothing.

    Input and output: [..., c].

    Example:
        >>> LayerScale()(keras.ops.ones((2, 50, 48))).shape
        (2, 50, 48)

    References:
        Touvron et al.: Going deeper with Image Transformers, ICCV 2021,
        https://arxiv.org/abs/2103.17239
    """

    def build(self, input_shape: tuple) -> None:
        start = keras.initializers.Constant(1e-5)
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer=start)

    def call(self, features):
        return features * self.scale

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
