"""BatchNorm for feature maps, by TensorFlow's fused operation."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class BatchNorm(keras.layers.BatchNormalization):
    """Keras' BatchNormalization over [n, h, w, c], through TensorFlow's fused operation.

    Keras uses a dozen elementary operations, each of which reads or writes the whole feature map.
    Training EfficientNet-lite0 on a CPU then spends two thirds of its time there. On other backends
    than TensorFlow this layer is Keras' own.

    As in Keras, moving averages are updated only in training, and a frozen layer
    (`trainable=False`) normalises by them. The moving variance averages the unbiased variance of
    the batch, which is n / (n − 1) times the biased one that normalises.
    """

    def call(self, inputs, training=None, mask=None):
        renorm = getattr(self, "renorm", False)  # Keras 3.12 has no such option
        plain = self.scale and self.center and not self.synchronized and not renorm
        channels_last = len(inputs.shape) == 4 and self.axis in (-1, 3) and mask is None
        if keras.backend.backend() != "tensorflow" or not (plain and channels_last):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        learns = bool(training) and self.trainable
        gamma, beta = (ops.cast(weight, "float32") for weight in (self.gamma, self.beta))
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=gamma,
            offset=beta,
            mean=tf.zeros(0) if learns else ops.convert_to_tensor(self.moving_mean),
            variance=tf.zeros(0) if learns else ops.convert_to_tensor(self.moving_variance),
            epsilon=self.epsilon,
            is_training=learns,
        )
        if learns:
            keep = self.momentum
            self.moving_mean.assign(self.moving_mean * keep + mean * (1 - keep))
            self.moving_variance.assign(self.moving_variance * keep + variance * (1 - keep))
        return outputs
