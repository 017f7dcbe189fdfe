"""Generalised-mean pooling."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class GeM(keras.layers.Layer):
    """Generalised mean over a feature map: the mean of x^p, to the power 1/p.

    p = 1 is average pooling; for large p it becomes maximum pooling. It is computed in float32
    under any policy, because x^3 leaves float16's range at 41.

    Args:
        p: exponent with which training starts.
        epsilon: smallest feature value; smaller and negative features are raised to it.

    Input: feature map [n, h, w, c]. Output: [n, c] of the layer's compute dtype.

    Example:
        >>> GeM(p=3.0)(keras.ops.ones((2, 7, 7, 1280))).shape
        (2, 1280)

    References:
        Radenović, Tolias, Chum: Fine-tuning CNN Image Retrieval with No Human Annotation,
        TPAMI 2018, https://arxiv.org/abs/1711.02512
    """

    def __init__(self, p: float, epsilon: float = 1e-6, **kwargs) -> None:
        super().__init__(**kwargs)
        self.p, self.epsilon = p, epsilon

    def build(self, input_shape: tuple) -> None:
        self.exponent = self.add_weight(
            name="p",
            shape=(),
            initializer=keras.initializers.Constant(self.p),
            dtype="float32",
            autocast=False,
        )

    def call(self, features):
        positive = ops.maximum(ops.cast(features, "float32"), self.epsilon)
        # Divided by the channel's largest value, no power leaves float32's range; epsilon^7 would.
        # The largest value cancels out, so it needs no gradient.
        largest = ops.stop_gradient(ops.max(positive, axis=(1, 2), keepdims=True))
        powered = ops.exp(self.exponent * ops.log(positive / largest))  # faster than ops.power
        mean = ops.mean(powered, axis=(1, 2))
        pooled = largest[:, 0, 0] * ops.exp(ops.log(mean) / self.exponent)
        return ops.cast(pooled, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], input_shape[-1])

    def get_config(self) -> dict:
        return {**super().get_config(), "p": self.p, "epsilon": self.epsilon}
