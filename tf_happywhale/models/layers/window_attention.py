"""Attention between the cells of a window of a feature map."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

APART = -100.0  # added to the scores of cells that are not neighbours in the map, as timm does


@keras.saving.register_keras_serializable("tf_happywhale")
class WindowAttention(keras.layers.Layer):
    """Multi-head attention inside square windows that tile a feature map.

    A learned table adds to each score what the distance of the two cells is worth. Shifted windows
    begin `shift` cells further down and to the right; those at the far edges then hold cells from
    both edges of the map, and these do not see each other. A map that is no larger than a window is
    one window, and is not shifted.

    Args:
        heads: number of heads; it divides the channels.
        window: side of a window, cells; it divides the sides of the map.
        shift: cells.

    Input: square feature map [n, s, s, c]. Output: the same shape.

    Example:
        >>> WindowAttention(heads=3, window=7, shift=3)(keras.ops.ones((2, 14, 14, 96))).shape
        (2, 14, 14, 96)

    References:
        Liu et al.: Swin Transformer, ICCV 2021, https://arxiv.org/abs/2103.14030
    """

    def __init__(self, heads: int, window: int, shift: int = 0, **kwargs) -> None:
        super().__init__(**kwargs)
        self.heads, self.window, self.shift = heads, window, shift

    def build(self, input_shape: tuple) -> None:
        _, self.side, width, channels = input_shape
        whole = self.side <= self.window
        self.edge, self.moved = (self.side, 0) if whole else (self.window, self.shift)
        if width != self.side or self.side % self.edge:
            raise ValueError(f"Windows of {self.edge} do not tile a map of {input_shape}.")
        self.qkv_kernel = self.add_weight(name="qkv_kernel", shape=(channels, 3 * channels))
        self.qkv_bias = self.add_weight(name="qkv_bias", shape=(3 * channels,), initializer="zeros")
        self.proj_kernel = self.add_weight(name="proj_kernel", shape=(channels, channels))
        self.proj_bias = self.add_weight(name="proj_bias", shape=(channels,), initializer="zeros")
        self.table = self.add_weight(
            name="relative_position_bias_table",
            shape=((2 * self.edge - 1) ** 2, self.heads),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        )

    def call(self, features):
        channels = features.shape[-1]
        across, area, part = self.side // self.edge, self.edge**2, channels // self.heads
        # Windows to which the same is added are further pictures; others are like further heads.
        # Scores of four dimensions let OpenVINO do the attention in one step.
        kinds = across**2 if self.moved else 1
        x = ops.roll(features, (-self.moved,) * 2, (1, 2)) if self.moved else features
        x = ops.reshape(x, (-1, across, self.edge, across, self.edge, channels))
        x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, area, channels))

        x = ops.matmul(x, self.qkv_kernel) + self.qkv_bias
        x = ops.reshape(x, (-1, kinds, area, 3, self.heads, part))
        x = ops.transpose(x, (3, 0, 1, 4, 2, 5))
        query, key, value = ops.unstack(ops.reshape(x, (3, -1, kinds * self.heads, area, part)), 3)
        scores = ops.matmul(query * part**-0.5, ops.transpose(key, (0, 1, 3, 2)))
        shares = ops.softmax(ops.cast(scores, "float32") + self._added())
        x = ops.matmul(ops.cast(shares, self.compute_dtype), value)
        x = ops.transpose(ops.reshape(x, (-1, kinds, self.heads, area, part)), (0, 1, 3, 2, 4))

        x = ops.matmul(ops.reshape(x, (-1, area, channels)), self.proj_kernel) + self.proj_bias
        x = ops.reshape(x, (-1, across, across, self.edge, self.edge, channels))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        x = ops.reshape(x, (-1, self.side, self.side, channels))
        return ops.roll(x, (self.moved,) * 2, (1, 2)) if self.moved else x

    def _added(self):
        """Return what is added to the scores, float32 [1, kinds · heads, cells, cells]."""
        places = relative_places(self.edge)
        worth = ops.take(ops.cast(self.table, "float32"), places.reshape(-1), axis=0)
        worth = ops.transpose(ops.reshape(worth, (*places.shape, self.heads)), (2, 0, 1))[None]
        if not self.moved:
            return worth
        both = worth + ops.convert_to_tensor(apart(self.side, self.edge, self.moved)[:, None])
        return ops.reshape(both, (1, -1, *places.shape))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict:
        own = {"heads": self.heads, "window": self.window, "shift": self.shift}
        return {**super().get_config(), **own}


def relative_places(edge: int) -> np.ndarray:
    """Return the row of the table for each pair of cells of a window, int32 [edge², edge²].

    The table's rows go through the differences of the two cells' rows, from −edge + 1 to edge − 1,
    and for each of them through the differences of their columns.
    """
    row, column = np.divmod(np.arange(edge**2), edge)
    rows = row[:, None] - row[None] + edge - 1
    columns = column[:, None] - column[None] + edge - 1
    return (rows * (2 * edge - 1) + columns).astype(np.int32)


def apart(side: int, edge: int, shift: int) -> np.ndarray:
    """Return `APART` for pairs of cells of a shifted window that come from different edges of the
    map, and 0 for others, float32 [windows, edge², edge²]."""
    line = np.arange(side)
    part = np.digitize(line, [side - edge, side - shift])
    region = (3 * part[:, None] + part[None]).reshape(side // edge, edge, side // edge, edge)
    region = region.transpose(0, 2, 1, 3).reshape(-1, edge**2)
    return np.where(region[:, :, None] == region[:, None], 0, APART).astype(np.float32)
