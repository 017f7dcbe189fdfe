"""How well groups agree with the animals: pairs of images that are put together, and rightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.groups.linkage import Tree, root_of


@dataclass(frozen=True)
class PairCurve:
    """Pairs of images by threshold: what holds from a threshold on down to the next one.

    Attributes:
        threshold: float64 [t], falling; the first one is infinite, where nothing is joined.
        together: float64 [t], pairs that are put together.
        right: float64 [t], how many of them show one animal.
        one: pairs that show one animal.
        all: all pairs.
    """

    threshold: np.ndarray
    together: np.ndarray
    right: np.ndarray
    one: float
    all: float

    def at(self, thresholds: np.ndarray) -> np.ndarray:
        """Return what `adjusted_rand` takes at some thresholds, float64 [4, q]."""
        place = np.searchsorted(-self.threshold, -thresholds, side="right") - 1
        one = np.full(len(thresholds), self.one)
        together = self.together[place]
        return np.stack([together, self.right[place], one, together * one / max(self.all, 1)])


def pair_curve(tree: Tree, who: np.ndarray) -> PairCurve:
    """Return pairs of images by threshold.

    Args:
        tree: of n images.
        who: int64 [n], the number of the animal in each.
    """
    count = int(who.max(initial=-1)) + 1
    inside: dict[int, np.ndarray] = {}
    parent = np.arange(len(who))
    together, right = np.zeros(len(tree.pairs) + 1), np.zeros(len(tree.pairs) + 1)

    def animals(item: int) -> np.ndarray:
        return inside.pop(item) if item in inside else np.bincount(who[[item]], minlength=count)

    for step, (one, other) in enumerate(tree.pairs.tolist()):
        first, second = root_of(parent, one), root_of(parent, other)
        mine, theirs = animals(first), animals(second)
        together[step + 1] = mine.sum() * theirs.sum()
        right[step + 1] = mine @ theirs
        parent[second], inside[first] = first, mine + theirs
    images = np.bincount(who, minlength=count)
    threshold = np.concatenate([[np.inf], tree.height])
    pairs = float((images * (images - 1)).sum() / 2)
    every = len(who) * (len(who) - 1) / 2
    return PairCurve(threshold, np.cumsum(together), np.cumsum(right), pairs, every)


def adjusted_rand(
    together: np.ndarray, right: np.ndarray, one: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """Return the adjusted Rand index (Hubert and Arabie 1985): 1 if the groups are the animals, 0
    for groups that say nothing, such as one group of all images.

    Args:
        together: pairs that are put together. All counts may be sums over several sets of images.
        right: how many of them show one animal.
        one: pairs that show one animal.
        chance: how many of them would be right by chance.
    """
    most = (together + one) / 2 - chance
    return np.where(most > 0, (right - chance) / np.where(most > 0, most, 1), 0)
