"""The part of a picture that the network sees."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class Region(keras.layers.Layer):
    """Cuts the same rectangle out of each picture: where the animal is in aligned photographs.

    The rest of the picture costs no time and cannot be memorised. Augmentation comes before, so it
    moves real pixels into the rectangle instead of black ones.

    Args:
        corners: xmin, ymin, xmax, ymax in shares of width and height; rounded to whole pixels.

    Input: pictures [n, h, w, c]. Output: [n, h', w', c] of the same dtype, at least one pixel.

    Example:
        >>> Region((0.25, 0.0, 0.75, 1.0))(keras.ops.ones((2, 8, 8, 3))).shape
        (2, 8, 4, 3)
    """

    def __init__(self, corners: tuple[float, float, float, float], **kwargs) -> None:
        super().__init__(**kwargs)
        self.corners = tuple(float(corner) for corner in corners)

    def call(self, pictures):
        height, width = ops.shape(pictures)[1:3]
        xmin, ymin, xmax, ymax = self.corners
        (top, bottom), (left, right) = _pixels(ymin, ymax, height), _pixels(xmin, xmax, width)
        return pictures[:, top:bottom, left:right]

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        count, height, width, channels = input_shape
        xmin, ymin, xmax, ymax = self.corners
        return (count, _length(ymin, ymax, height), _length(xmin, xmax, width), channels)

    def get_config(self) -> dict:
        return {**super().get_config(), "corners": self.corners}


def _pixels(low: float, high: float, side):
    """Return the first pixel and the one after the last; the side may be a tensor."""
    if isinstance(side, int):
        first = min(int(low * side + 0.5), side - 1)
        return first, max(int(high * side + 0.5), first + 1)
    length = ops.cast(side, "float32")
    first = ops.minimum(ops.cast(low * length + 0.5, "int32"), side - 1)
    return first, ops.maximum(ops.cast(high * length + 0.5, "int32"), first + 1)


def _length(low: float, high: float, side: int | None) -> int | None:
    if side is None:
        return None
    first, last = _pixels(low, high, side)
    return last - first
