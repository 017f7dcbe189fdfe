"""Deformable convolution (Dai et al. 2017): each tap of the kernel looks at a place of its own.

The places are gathered and interpolated, and the convolution is a matrix product.
"""

from __future__ import annotations

from typing import Any


def deformable_conv(picture: Any, offsets: Any, kernel: Any) -> Any:
    """Convolve one picture, 3 × 3, with zeros outside.

    Args:
        picture: [h, w, c].
        offsets: dy and dx of each of the nine taps, in pixels, [h, w, 18].
        kernel: [9 * c, d], taps row by row.

    Returns:
        [h, w, d]
    """
    from keras import ops

    height, width, channels = picture.shape
    taps = ops.arange(9)
    y = ops.reshape(ops.arange(height), (height, 1, 1)) + taps // 3 - 1
    x = ops.reshape(ops.arange(width), (1, width, 1)) + taps % 3 - 1
    y = ops.cast(y, offsets.dtype) + offsets[..., 0::2]
    x = ops.cast(x, offsets.dtype) + offsets[..., 1::2]
    sampled = _interpolate(picture, y, x)
    columns = ops.reshape(sampled, (height * width, 9 * channels))
    return ops.reshape(ops.matmul(columns, kernel), (height, width, -1))


def _interpolate(picture: Any, y: Any, x: Any) -> Any:
    """Return a picture at any places, [..., c]; zeros around it."""
    from keras import ops

    height, width, channels = picture.shape
    framed = ops.pad(picture, ((1, 1), (1, 1), (0, 0)))
    rows = ops.reshape(framed, ((height + 2) * (width + 2), channels))
    top, left = ops.floor(y), ops.floor(x)
    low, right = (y - top)[..., None], (x - left)[..., None]

    def corner(down: int, across: int) -> Any:
        row = ops.clip(ops.cast(top, "int32") + down, -1, height) + 1
        column = ops.clip(ops.cast(left, "int32") + across, -1, width) + 1
        return ops.take(rows, row * (width + 2) + column, axis=0)

    upper = corner(0, 0) * (1 - right) + corner(0, 1) * right
    lower = corner(1, 0) * (1 - right) + corner(1, 1) * right
    return upper * (1 - low) + lower * low
