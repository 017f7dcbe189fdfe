"""Depthwise convolution whose gradients are fast on CPUs."""

from __future__ import annotations

import keras


@keras.saving.register_keras_serializable("tf_happywhale")
class DepthwiseConv(keras.layers.DepthwiseConv2D):
    """Keras' DepthwiseConv2D; on TensorFlow some gradients are computed in another way.

    Both ways give the same values; they are about oneDNN's kernels for CPUs:

    - The gradient to a filter larger than 3×3 takes two to three times as long as with TensorFlow's
      own kernel, which is used if the padding is given in numbers instead of as SAME.
    - In bfloat16 that gradient takes up to five times as long as in float32, and so does the
      gradient to the input where the stride is 2. So these two are computed in float32.
    """

    def call(self, inputs):
        static = None not in inputs.shape[1:]
        slow = max(self.kernel_size) > 3 or self.compute_dtype == "bfloat16"
        plain = not self.use_bias and self.depth_multiplier == 1 and self.dilation_rate == (1, 1)
        if keras.backend.backend() != "tensorflow" or not (static and slow and plain):
            return super().call(inputs)
        return _depthwise(inputs, self.kernel, self.strides, self.padding.upper())


def _depthwise(inputs, kernel, strides: tuple[int, int], padding: str):
    import tensorflow as tf

    steps = [1, *strides, 1]
    sizes = zip(inputs.shape[1:3], kernel.shape[:2], strides, strict=True)
    sides = [side for each in sizes for side in _padding(padding, *each)]
    half = inputs.dtype == tf.bfloat16

    @tf.custom_gradient
    def convolve(x: tf.Tensor, w: tf.Tensor):
        def gradient(above: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            exact = tf.cast(above, tf.float32) if half else above
            wide = half and max(strides) > 1
            to_input = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
                input_sizes=tf.shape(x),
                filter=tf.cast(w, tf.float32) if wide else w,
                out_backprop=exact if wide else above,
                strides=steps,
                padding=padding,
            )
            own = {"padding": padding}
            if max(w.shape[:2]) > 3:
                own = {"padding": "EXPLICIT", "explicit_paddings": [0, 0, *sides, 0, 0]}
            to_filter = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                input=tf.cast(x, tf.float32) if half else x,
                filter_sizes=tf.shape(w),
                out_backprop=exact,
                strides=steps,
                **own,
            )
            return tf.cast(to_input, x.dtype), tf.cast(to_filter, w.dtype)

        return tf.nn.depthwise_conv2d(x, w, steps, padding), gradient

    # A plain tensor, because `custom_gradient` treats a variable differently.
    return convolve(inputs, tf.cast(tf.convert_to_tensor(kernel), inputs.dtype))


def _padding(kind: str, size: int, length: int, step: int) -> tuple[int, int]:
    """Return how many pixels a padding adds before and after; an odd one of SAME comes after."""
    if kind == "VALID":
        return 0, 0
    total = max((-(-size // step) - 1) * step + length - size, 0)
    return total // 2, total - total // 2
