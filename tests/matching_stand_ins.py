"""Corners in place of ALIKED's points, and nearest neighbours in place of LightGlue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tf_happywhale.matching.local_points import LocalPoints, no_points


@dataclass(frozen=True)
class Nearest:
    """Matches, as `pair_features` takes them."""

    first: np.ndarray
    second: np.ndarray
    score: np.ndarray


class Corners:
    """Corners with the pixels around them as descriptors; it counts the pictures it has seen."""

    def __init__(self, points: int = 60) -> None:
        self.points, self.seen = points, 0
        self.about = {"points": f"{points} corners"}

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[LocalPoints]:
        self.seen += len(pictures)
        return [self._points(picture) for picture in pictures]

    def _points(self, picture: np.ndarray) -> LocalPoints:
        height, width = picture.shape[:2]
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        corners = cv2.goodFeaturesToTrack(grey, self.points, 0.01, 3)
        if corners is None:
            return no_points((width, height))
        xy = corners.reshape(-1, 2).astype(np.float32)
        blurred = cv2.GaussianBlur(grey, (5, 5), 1.5).astype(np.float32)
        patches = [cv2.getRectSubPix(blurred, (16, 8), tuple(map(float, at))) for at in xy]
        long = np.stack([patch.ravel() - patch.mean() for patch in patches])
        long /= np.maximum(np.linalg.norm(long, axis=1, keepdims=True), 1e-6)
        return LocalPoints(
            xy, long, np.linspace(1, 0.1, len(xy), dtype=np.float32), (width, height)
        )


class Neighbours:
    """Mutual nearest neighbours; it counts the pairs it has seen."""

    about: dict[str, str]

    def __init__(self) -> None:
        self.about, self.seen = {"matcher": "neighbours"}, 0

    def __call__(self, pairs: Sequence[tuple[LocalPoints, LocalPoints]]) -> list[Nearest]:
        self.seen += len(pairs)
        return [self._match(a, b) for a, b in pairs]

    def _match(self, a: LocalPoints, b: LocalPoints) -> Nearest:
        if not len(a) or not len(b):
            return Nearest(*np.zeros((2, 0), np.int32), np.zeros(0, np.float32))
        cosine = a.descriptor @ b.descriptor.T
        there, back = cosine.argmax(axis=1), cosine.argmax(axis=0)
        mine = np.flatnonzero(back[there] == np.arange(len(a)))
        score = np.clip(cosine[mine, there[mine]], 0, 1)
        return Nearest(mine.astype(np.int32), there[mine].astype(np.int32), score)
