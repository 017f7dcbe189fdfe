"""From pictures to their points, by ALIKED."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tf_happywhale.cores import usable_cores
from tf_happywhale.matching.aliked import STEP, Maps, maps_of, network_weights
from tf_happywhale.matching.compiled import compiled
from tf_happywhale.matching.local_points import LocalPoints, no_points
from tf_happywhale.matching.point_descriptors import FeatureMap, describe
from tf_happywhale.matching.point_detector import RADIUS, detect
from tf_happywhale.matching.weights_file import SHA256, read_weights

NETWORK = "aliked-n16"
LEAST = 0.2  # the score that a point must have, as published


class Extractor:
    """ALIKED-n16 with its published weights, which are fetched if need be.

    Args:
        points: at most so many a picture.
        least: the score that a point must have; 0 for the best `points`, whatever they have.
        weights: tensors of a checkpoint by the published names; None for the published ones.
    """

    def __init__(
        self,
        points: int = 512,
        least: float = LEAST,
        weights: dict[str, np.ndarray] | None = None,
    ) -> None:
        self.points, self.least = points, least
        self.about = {
            "points": f"{points} of {NETWORK} above {least:g}",
            "point_weights": SHA256[NETWORK] if weights is None else "other",
        }
        self.checkpoint = read_weights(NETWORK) if weights is None else weights
        network = network_weights(self.checkpoint)
        self.maps = compiled(lambda picture: maps_of(picture, network))

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[LocalPoints]:
        """Return the points of each picture, best first.

        Args:
            pictures: uint8 RGB [h, w, 3], of any sizes. A side of 512 pixels is a good one.
        """
        with ThreadPoolExecutor(usable_cores()) as threads:
            return list(threads.map(self._points, pictures))

    def _points(self, picture: np.ndarray) -> LocalPoints:
        height, width = picture.shape[:2]
        if min(height, width) <= 2 * RADIUS:  # every pixel is on the border, where no points are
            return no_points((width, height))
        padded, (top, left) = _padded(picture)
        maps = Maps(*self.maps(padded.astype(np.float32) / 255))
        score = np.asarray(maps.score)[top : top + height, left : left + width]
        xy, found = detect(np.ascontiguousarray(score), self.points, self.least)
        if len(xy) == 0:
            return no_points((width, height))
        features = FeatureMap(maps, (top, left), (height, width))
        descriptor = describe(features, xy, self.checkpoint)
        return LocalPoints(xy, descriptor.astype(np.float32), found, (width, height))


def _padded(picture: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Return a picture with sides that are multiples of 32, its edges repeated, and the row and
    column of its first pixel."""
    more = [-side % STEP for side in picture.shape[:2]]
    top, left = (side // 2 for side in more)
    around = ((top, more[0] - top), (left, more[1] - left), (0, 0))
    return np.pad(picture, around, mode="edge"), (top, left)
