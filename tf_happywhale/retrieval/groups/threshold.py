"""The threshold of grouping, learned from known animals, as if nobody knew them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.groups.agreement import PairCurve, adjusted_rand, pair_curve
from tf_happywhale.retrieval.groups.linkage import Linkage, join

DRAWS = 10
SHARE = 0.8  # of the individuals that a draw takes, so that their mean does not hang on one pair
SEED = 0x6209
ENOUGH = 3  # individuals with two images; fewer teach no threshold
ALIKE = 0.02  # of the adjusted Rand index; a smaller difference says nothing
MOST = 1000  # images of a draw; more teach little more


@dataclass(frozen=True)
class LearnedThreshold:
    """A threshold, and what it is worth.

    Attributes:
        threshold: similarity from which groups are joined.
        precision: share of the pairs put together that show one animal. Each half of the
            individuals is grouped by the threshold of the other half.
        recall: share of the pairs of one animal that are put together, likewise.
        individuals: how many have two images; all of this rests on them.
    """

    threshold: float
    precision: float
    recall: float
    individuals: int


def learn_threshold(
    similarity: np.ndarray, who: np.ndarray, images: int, linkage: Linkage = "average"
) -> LearnedThreshold | None:
    """Return the threshold that groups images of known individuals best, by the adjusted Rand
    index; None if fewer than `ENOUGH` individuals have two images. (The F of pairs is not corrected
    for chance. Where animals can hardly be told apart, it is highest for one group of all images.)

    Ten times four fifths of the individuals are drawn, and their images grouped. Pairs are added up
    over all draws, so that a few individuals give a smooth curve too, and a draw without a pair
    does not count. The middle of the best thresholds is taken.

    Args:
        similarity: of images that no model was trained on, symmetric [m, m].
        who: [m], the individual in each.
        images: how many will be grouped; a draw has about as many at most, since among more images
            more pairs are alike by chance.
        linkage: see `join`.
    """
    who = np.unique(who, return_inverse=True)[1]
    several = int((np.bincount(who, minlength=1) > 1).sum())
    if several < ENOUGH:
        return None
    rng, most = np.random.default_rng(SEED), min(max(images, 2), MOST)

    def curve(individuals: np.ndarray) -> PairCurve:
        rows = _rows_of(who, individuals, most)
        tree = join(similarity[np.ix_(rows, rows)], np.ones(len(rows), np.int64), linkage)
        return pair_curve(tree, who[rows])

    draws = [curve(one) for one, _ in _dealt(who, SHARE, rng)]
    halves = [(curve(one), curve(other)) for one, other in _dealt(who, 0.5, rng)]
    together, right, pairs, _ = sum(_measured(*pair) for pair in halves).tolist()
    precision = right / together if together else float("nan")
    return LearnedThreshold(_best(draws), precision, right / max(pairs, 1), several)


def _dealt(
    who: np.ndarray, share: float, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return a share of the individuals, and the others, in random order, `DRAWS` times. Those with
    several images and those with one are dealt separately, so that each part has some."""
    count = np.bincount(who)
    found = []
    for _ in range(DRAWS):
        parts: tuple[list[int], list[int]] = ([], [])
        for some in (np.flatnonzero(count > 1), np.flatnonzero(count == 1)):
            cut, some = round(share * len(some)), rng.permutation(some).tolist()
            parts[0].extend(some[:cut])
            parts[1].extend(some[cut:])
        found.append(tuple(rng.permutation(np.array(part, np.int64)) for part in parts))
    return found


def _rows_of(who: np.ndarray, individuals: np.ndarray, most: int) -> np.ndarray:
    """Return the rows of whole individuals, in their order until there are `most`; of two at
    least."""
    count = np.bincount(who)
    taken = np.cumsum(count[individuals]) - count[individuals] < most
    taken[:2] = True
    return np.flatnonzero(np.isin(who, individuals[taken]))


def _measured(one: PairCurve, other: PairCurve) -> np.ndarray:
    """Return what `adjusted_rand` takes, of two parts each grouped by the other's threshold."""
    pairs = ((one, other), (other, one))
    return sum(first.at(np.array([_best([second])]))[:, 0] for first, second in pairs)


def _best(curves: list[PairCurve]) -> float:
    """Return the middle of the best thresholds; of several stretches of them the highest, which
    joins least."""
    heights = np.unique(np.concatenate([curve.threshold for curve in curves]))
    grid = _between(heights[np.isfinite(heights)])
    found = adjusted_rand(*sum(curve.at(grid) for curve in curves))
    best = np.flatnonzero(found >= found.max() - ALIKE)
    run = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)[-1]
    return float((grid[run[0]] + grid[run[-1]]) / 2)


def _between(values: np.ndarray) -> np.ndarray:
    """Return thresholds between neighbouring values, and one below and one above all."""
    if not len(values):
        return np.array([0.0])
    return np.concatenate([values[:1] - 1e-6, (values[1:] + values[:-1]) / 2, values[-1:] + 1e-6])
