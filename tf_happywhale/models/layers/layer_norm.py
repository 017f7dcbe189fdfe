"""LayerNorm, in the form that OpenVINO recognises."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class LayerNorm(keras.layers.LayerNormalization):
    """Keras' LayerNormalization over the last axis, as (x − mean) / √(variance + epsilon).

    Keras multiplies x by a factor and adds an offset instead. OpenVINO does not see that this is a
    norm, and goes through the whole feature map six times, not once.

    Moments are computed in float32 under any policy.
    """

    def call(self, inputs):
        x = ops.cast(inputs, "float32")
        centred = x - ops.mean(x, axis=(-1,), keepdims=True)
        variance = ops.mean(ops.square(centred), axis=(-1,), keepdims=True)
        normed = centred / ops.sqrt(variance + self.epsilon)
        gamma, beta = (ops.cast(weight, "float32") for weight in (self.gamma, self.beta))
        return ops.cast(normed * gamma + beta, self.compute_dtype)
