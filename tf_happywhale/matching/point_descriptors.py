"""What a picture looks like at points: ALIKED's sparse deformable descriptors (Zhao et al. 2023).

A point looks at the nine pixels around it, which say at which 16 places to look then. Pixels of the
feature map are computed only where they are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tf_happywhale.matching.aliked import Maps, enlarging

PLACES = 16  # that a descriptor looks at
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772  # of SELU


class FeatureMap:
    """The normalised features of a picture, [h, w, 128], computed where they are asked for.

    Args:
        maps: of the padded picture.
        corner: row and column of the picture's first pixel in it.
        shape: height and width of the picture.
    """

    def __init__(self, maps: Maps, corner: tuple[int, int], shape: tuple[int, int]) -> None:
        self.levels = [np.asarray(level) for level in maps.features]
        self.corner, self.shape = corner, shape

    def at(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Return the features of pixels, float32 [..., 128]."""
        code, back = np.unique(row * self.shape[1] + column, return_inverse=True)
        row, column = np.divmod(code, self.shape[1])
        row, column = row + self.corner[0], column + self.corner[1]
        parts = [_enlarged(level, self.levels[0].shape, row, column) for level in self.levels]
        features = np.concatenate(parts, axis=1)
        length = np.sqrt(np.einsum("nc,nc->n", features, features))
        features /= np.maximum(length, 1e-12)[:, None]
        return np.take(features, back, 0)

    def between(self, xy: np.ndarray) -> np.ndarray:
        """Return the features between pixels, with zeros outside the picture.

        Args:
            xy: x and y, float32 [n, 2].

        Returns:
            float32 [n, 128]
        """
        first = np.floor(xy)
        share = xy - first
        first = first.astype(np.int64)
        corners = first[:, None] + np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
        weight = np.stack([1 - share, share], 1)
        weight = (weight[:, :, None, 1] * weight[:, None, :, 0]).reshape(-1, 4)
        height, width = self.shape
        inside = (corners >= 0).all(2) & (corners < (width, height)).all(2)
        corners = np.clip(corners, 0, (width - 1, height - 1))
        features = self.at(corners[..., 1], corners[..., 0])
        return np.einsum("nk,nkc->nc", weight * inside, features)


def describe(features: FeatureMap, xy: np.ndarray, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return a descriptor of each point, of unit length, float32 [p, 128].

    Args:
        features: of the picture.
        xy: the points, x and y, float32 [p, 2].
        weights: tensors of the checkpoint, by the published names.
    """
    look = _places(features, xy, weights)
    seen = features.between(look.reshape(-1, 2))
    seen = _selu(seen @ weights["desc_head.sf_conv.weight"][:, :, 0, 0].T)
    aggregate = weights["desc_head.agg_weights"]
    found = seen.reshape(len(xy), -1) @ aggregate.reshape(-1, aggregate.shape[-1])
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)


def _places(features: FeatureMap, xy: np.ndarray, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return where each point looks, x and y, float32 [p, 16, 2]."""
    height, width = features.shape
    steps = np.arange(3)
    first = np.clip(xy.astype(np.int64) - 1, 0, (width - 4, height - 4))
    row = first[:, 1, None, None] + steps[:, None] + 0 * steps
    column = first[:, 0, None, None] + steps + 0 * steps[:, None]
    around = features.at(row, column).reshape(len(xy), -1)
    kernel = weights["desc_head.offset_conv.0.weight"].transpose(2, 3, 1, 0)
    hidden = around @ kernel.reshape(-1, kernel.shape[-1])
    hidden = _selu(hidden + weights["desc_head.offset_conv.0.bias"])
    offset = hidden @ weights["desc_head.offset_conv.2.weight"][:, :, 0, 0].T
    offset += weights["desc_head.offset_conv.2.bias"]
    most = max(height, width) / 4
    offset = np.clip(offset, -most, most).reshape(-1, 2, PLACES)
    return xy[:, None] + offset.transpose(0, 2, 1)


def _enlarged(level: np.ndarray, full: tuple, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return a map at pixels of the large one, [n, c]."""
    height, width, channels = level.shape
    pixels = level.reshape(-1, channels)
    if level.shape[:2] == full[:2]:
        return np.take(pixels, row * width + column, 0)
    top, low = enlarging(row, height, full[0])
    left, right = enlarging(column, width, full[1])
    found = np.zeros((len(row), channels), np.float32)
    for down, share in ((0, 1 - low), (1, low)):
        first = np.minimum(top + down, height - 1) * width
        for across, part in ((0, 1 - right), (1, right)):
            corner = np.take(pixels, first + np.minimum(left + across, width - 1), 0)
            corner *= (share * part)[:, None]
            found += corner
    return found


def _selu(x: np.ndarray) -> np.ndarray:
    return SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0)))
