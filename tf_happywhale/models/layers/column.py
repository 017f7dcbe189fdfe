"""A vertical strip of a feature map, which is pooled by itself."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class Column(keras.layers.Layer):
    """One of the vertical strips into which a feature map is divided.

    In aligned photographs a strip always shows the same part of the animal. So pooling it tells
    where a mark is, which pooling the whole map does not. If the width is not a multiple of the
    number of strips, neighbouring strips share cells.

    Args:
        number: which strip, from the left, counted from 0.
        columns: the number of strips.

    Input: feature map [n, h, w, c], w at least 1. Output: [n, h, w', c].

    Example:
        >>> Column(0, 2)(keras.ops.ones((2, 7, 5, 16))).shape
        (2, 7, 3, 16)

    References:
        Sun et al.: Beyond Part Models: Person Retrieval with Refined Part Pooling, ECCV 2018,
        https://arxiv.org/abs/1711.09349 (with horizontal strips)
    """

    def __init__(self, number: int, columns: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.number, self.columns = number, columns

    def call(self, features):
        first, last = self._cells(ops.shape(features)[2])
        return features[:, :, first:last]

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        count, height, width, channels = input_shape
        if width is not None:
            first, last = self._cells(width)
            width = last - first
        return (count, height, width, channels)

    def _cells(self, width):
        """Return the first cell and the one after the last, rounded outwards."""
        return (
            self.number * width // self.columns,
            ((self.number + 1) * width + self.columns - 1) // self.columns,
        )

    def get_config(self) -> dict:
        return {**super().get_config(), "number": self.number, "columns": self.columns}
