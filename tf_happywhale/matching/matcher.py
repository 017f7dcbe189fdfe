"""From the points of two pictures to the points that correspond, by LightGlue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.matching.compiled import compiled
from tf_happywhale.matching.lightglue import FAR, assign, begin, layers
from tf_happywhale.matching.lightglue_weights import lightglue_weights
from tf_happywhale.matching.local_points import LocalPoints
from tf_happywhale.matching.weights_file import SHA256, read_weights

NETWORK = "aliked_lightglue"
LEAST = 0.1  # the score that a match must have, as published
TOGETHER = 4  # pairs in a batch
STEP = 128  # rows of a batch are a multiple of it
Pair = tuple[LocalPoints, LocalPoints]


@dataclass(frozen=True)
class Matches:
    """Which points of two pictures correspond, k matches.

    Args:
        first: the number of a point of the first picture, int32 [k].
        second: of the second picture, int32 [k].
        score: how sure the match is, 0 to 1, float32 [k].
    """

    first: np.ndarray
    second: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def none(cls) -> Matches:
        """Return no matches."""
        empty = np.zeros(0, np.int32)
        return cls(empty, empty, np.zeros(0, np.float32))


class Matcher:
    """LightGlue with its published weights for ALIKED, which are fetched if need be.

    Args:
        weights: tensors of a checkpoint by the published names; None for the published ones.
    """

    def __init__(self, weights: dict[str, np.ndarray] | None = None) -> None:
        self.about = {
            "matcher": NETWORK,
            "matcher_weights": SHA256[NETWORK] if weights is None else "other",
        }
        network = lightglue_weights(read_weights(NETWORK) if weights is None else weights)
        self._begin = compiled(lambda *points: begin(*points, network))

        def match(points, cosine, sine, there):
            last = len(network.assignments)
            points = layers(points, (cosine, sine), there, network, 0, last)
            return assign(points, there, network.assignments[-1])

        self._match = compiled(match)

    def __call__(self, pairs: Sequence[Pair]) -> list[Matches]:
        """Return the matches of each pair; none where a picture has no points."""
        found = [Matches.none()] * len(pairs)
        sizes = [max(len(one), len(other)) for one, other in pairs]
        order = [n for n in np.argsort(sizes, kind="stable") if min(map(len, pairs[n])) > 0]
        for start in range(0, len(order), TOGETHER):
            some = order[start : start + TOGETHER]
            for n, matches in zip(some, self._batch([pairs[n] for n in some]), strict=True):
                found[n] = matches
        return found

    def _batch(self, pairs: list[Pair]) -> list[Matches]:
        pictures = [one for one, _ in pairs] + [other for _, other in pairs]
        rows = -(-max(map(len, pictures)) // STEP) * STEP
        there = np.stack([_filled(np.zeros(len(p), np.float32), rows, FAR) for p in pictures])
        descriptor = np.stack([_filled(p.descriptor, rows) for p in pictures])
        xy = np.stack([_filled(_places(p), rows) for p in pictures])
        begun = self._begin(descriptor, xy, there)
        best, score, back = self._match(*begun, there)
        return [_mutual(best[n], score[n], back[n], len(one)) for n, (one, _) in enumerate(pairs)]


def _places(points: LocalPoints) -> np.ndarray:
    """Return the places of points, from -1 to 1 along the picture's longer side."""
    size = np.array(points.size, np.float32)
    return (points.xy - size / 2) / (size.max() / 2)


def _filled(rows: np.ndarray, count: int, value: float = 0) -> np.ndarray:
    whole = np.full((count, *rows.shape[1:]), value, np.float32)
    whole[: len(rows)] = rows
    return whole


def _mutual(best: np.ndarray, score: np.ndarray, back: np.ndarray, count: int) -> Matches:
    """Return the matches that are the best of both points."""
    first = np.arange(count)
    first = first[(back[best[:count]] == first) & (score[:count] > LEAST)]
    return Matches(first.astype(np.int32), best[first].astype(np.int32), score[first])
