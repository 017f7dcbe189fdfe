"""The part of aligned photographs by which they find their animal best: a search over rectangles.

A network's features of all pictures are kept for each cell of a grid. So a rectangle is tried by
pooling its cells, without another look at the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tf_happywhale.retrieval.metrics import interval, weighted_mean
from tf_happywhale.retrieval.teaching.individual_scores import individual_scores

EXPONENT = 3  # of GeM, the mean by which cells are pooled
RIDGE = 1.0  # share of the mean variance that whitening adds to each variance
LEAST = 3  # cells along a side
FIRST = 5  # candidates that count
SEED = 0

Rectangle = tuple[int, int, int, int]  # first row, row after the last, the same of columns
Region = tuple[float, float, float, float]


@dataclass(frozen=True)
class Found:
    """The best rectangle of a search, and what it is worth.

    Attributes:
        best: the rectangle, as xmin, ymin, xmax, ymax in shares of the sides.
        region: the same with a cell more on each side: its features come from there too, and what
            is cut away is lost.
        precision, whole: mAP@5 of the images by the best rectangle, and by the whole picture.
        gain: of a rectangle that was chosen on one half of the individuals, on the other half; the
            mean of both ways. Having tried many rectangles does not flatter it.
        low, high: its 95% interval, drawing whole individuals.
        images: how many were asked.
    """

    best: Region
    region: Region
    precision: float
    whole: float
    gain: float
    low: float
    high: float
    images: int

    def __bool__(self) -> bool:
        """Whether a part certainly finds more than the whole picture, and something is cut away."""
        return self.low > 0 and self.region != (0, 0, 1, 1)


def search_region(cells: np.ndarray, individual_ids: np.ndarray, bursts: np.ndarray) -> Found:
    """Search the rectangle by which each image finds its individual best among the others. An image
    of the same burst does not answer.

    Args:
        cells: float32 [rows, columns, n, c], at least 0: features of n pictures, in GeM's power.
        individual_ids: str [n]; each has another image, of another burst.
        bursts: str [n], which images were taken together.
    """
    asked = _Asked(cells, individual_ids, bursts)
    half = np.random.default_rng(SEED).permutation(asked.who.max() + 1) % 2
    first = half[asked.who] == 0
    gain = np.empty(len(first))
    for chosen_on, other in ((first, ~first), (~first, first)):
        gain[other] = (asked(_best(asked, chosen_on)) - asked(asked.whole))[other]
    low, high = interval(lambda weights: weighted_mean(gain, weights), asked.who.tolist(), SEED)
    best = _best(asked, np.ones(len(first), bool))
    return Found(
        best=_shares(best, asked.whole),
        region=_shares(_wider(best, asked.whole), asked.whole),
        precision=float(asked(best).mean()),
        whole=float(asked(asked.whole).mean()),
        gain=float(gain.mean()),
        low=low,
        high=high,
        images=len(first),
    )


class _Asked:
    """The precision of each image by a rectangle, float64 [n]; each rectangle is tried once.

    Args: see `search_region`.
    """

    def __init__(self, cells: np.ndarray, individual_ids: np.ndarray, bursts: np.ndarray) -> None:
        who = np.unique(individual_ids, return_inverse=True)[1]
        burst = np.unique(bursts, return_inverse=True)[1]
        self.cells, self.who = cells, who
        self.order = np.argsort(who, kind="stable")  # an individual's images follow one another
        self.together = burst[:, None] == burst[self.order]
        self.whole: Rectangle = (0, cells.shape[0], 0, cells.shape[1])
        self.known: dict[Rectangle, np.ndarray] = {}

    def __call__(self, rectangle: Rectangle) -> np.ndarray:
        if rectangle not in self.known:
            self.known[rectangle] = self._precision(rectangle)
        return self.known[rectangle]

    def _precision(self, rectangle: Rectangle) -> np.ndarray:
        top, bottom, left, right = rectangle
        mean = self.cells[top:bottom, left:right].mean(axis=(0, 1))
        rows = _whitened(_unit(mean ** (1 / EXPONENT)))
        score = np.where(self.together, -np.inf, rows @ rows[self.order].T)
        found = individual_scores(score, self.who[self.order])
        own = np.take_along_axis(found, self.who[:, None], 1)
        rank = (found >= own).sum(axis=1) - 1  # who is equally near stands before
        return np.where(rank < FIRST, 1 / (1.0 + rank), 0)


def _shares(rectangle: Rectangle, whole: Rectangle) -> Region:
    top, bottom, left, right = rectangle
    return left / whole[3], top / whole[1], right / whole[3], bottom / whole[1]


def _unit(rows: np.ndarray) -> np.ndarray:
    """Return rows [n, d] of length 1; a row of zeros stays."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _whitened(rows: np.ndarray) -> np.ndarray:
    """Return rows [n, d] of length 1 whose cosines count each direction of their spread alike, but
    for `RIDGE`. Nobody's individual is looked at, so that the same images can be asked."""
    rows = rows - rows.mean(axis=0)
    spread = rows.T @ rows / len(rows)
    mean = max(float(np.trace(spread)) / len(spread), 1e-12)
    spread[np.diag_indices(len(spread))] += RIDGE * mean
    return _unit(rows @ np.linalg.inv(np.linalg.cholesky(spread)).T)


def _best(asked: _Asked, chosen_on: np.ndarray) -> Rectangle:
    """Return the best rectangle of some images: rows and columns are chosen in turn, from the whole
    picture on, until nothing changes. Of equal ones it is the largest."""
    best, before = asked.whole, None
    while best != before:
        before = best
        for axis in (0, 1):
            tried = _spans(best, axis, asked.whole)
            best = max(tried, key=lambda one: asked(one)[chosen_on].mean())
    return best


def _spans(rectangle: Rectangle, axis: int, whole: Rectangle) -> Iterator[Rectangle]:
    """Yield the rectangle with all spans along an axis, the longest first."""
    ends = range(whole[2 * axis + 1] + 1)
    spans = [span for span in combinations(ends, 2) if span[1] - span[0] >= LEAST]
    for span in sorted(spans, key=lambda span: span[0] - span[1]):
        yield (*span, *rectangle[2:]) if axis == 0 else (*rectangle[:2], *span)


def _wider(rectangle: Rectangle, whole: Rectangle) -> Rectangle:
    """Return the rectangle with one more row or column on each side, wherever there is one."""
    top, bottom, left, right = rectangle
    return (
        max(top - 1, 0),
        min(bottom + 1, whole[1]),
        max(left - 1, 0),
        min(right + 1, whole[3]),
    )
