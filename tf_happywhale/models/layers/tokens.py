"""The tokens of a vision transformer, from a feature map of patches."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class Tokens(keras.layers.Layer):
    """A learned class token, and behind it the cells of a map, row by row. To each token is added
    what was learned for its place.

    Input: feature map [n, h, w, c]. Output: [n, 1 + h · w, c].

    Example:
        >>> Tokens()(keras.ops.ones((2, 7, 7, 48))).shape
        (2, 50, 48)

    References:
        Dosovitskiy et al.: An Image is Worth 16x16 Words, ICLR 2021,
        https://arxiv.org/abs/2010.11929
    """

    def build(self, input_shape: tuple) -> None:
        _, height, width, channels = input_shape
        near_zero = keras.initializers.TruncatedNormal(stddev=0.02)
        self.token = self.add_weight(
            name="cls_token", shape=(1, 1, channels), initializer=near_zero
        )
        self.places = self.add_weight(
            name="pos_embed", shape=(1, 1 + height * width, channels), initializer=near_zero
        )

    def call(self, cells):
        count, channels = self.places.shape[1:]
        patches = ops.reshape(cells, (-1, count - 1, channels))
        token = self.token + self.places[:, :1]
        token = ops.broadcast_to(token, (ops.shape(cells)[0], 1, channels))
        return ops.concatenate([token, patches + self.places[:, 1:]], axis=1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        count, height, width, channels = input_shape
        return (count, 1 + height * width, channels)
