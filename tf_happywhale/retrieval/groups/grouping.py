"""Images of animals that nobody knows, grouped by animal: similarities, links, and a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from tf_happywhale.retrieval.groups.linkage import NEVER, Linkage, Tree, join
from tf_happywhale.retrieval.groups.links import Links, cannot_matrix, must_blocks


@dataclass(frozen=True)
class Joined:
    """How images are joined, for every threshold.

    Attributes:
        names: of the images, sorted.
        similarity: float64 [n, n], in this order.
        block: int64 [n], what must be together, see `must_blocks`.
        tree: how the blocks are joined.
        apart: bool [b, b], blocks that may not be joined.
    """

    names: tuple[str, ...]
    similarity: np.ndarray
    block: np.ndarray
    tree: Tree
    apart: np.ndarray

    def cut(self, threshold: float) -> Groups:
        """Return the groups, joined where the similarity is at least `threshold`."""
        number = np.unique(self.tree.cut(threshold)[self.block], return_inverse=True)[1]
        order = np.full(number.max(initial=-1) + 1, len(number))
        np.minimum.at(order, number, np.arange(len(number)))
        number = np.argsort(np.argsort(order))[number]  # by the first image
        return Groups(self.names, number, *_means(self, number))


@dataclass(frozen=True)
class Groups:
    """Images by group.

    Attributes:
        names: of the images, sorted.
        number: int64 [n], of the group, counted from 0 in the order of their first images.
        score: float64 [n], the mean similarity of an image and the others of its group; NaN for
            one that is alone.
        between: float64 [g, g], the mean similarity of two groups; `NEVER` if they cannot be one.
    """

    names: tuple[str, ...]
    number: np.ndarray
    score: np.ndarray
    between: np.ndarray

    @property
    def members(self) -> list[list[str]]:
        """The names of each group's images."""
        found: list[list[str]] = [[] for _ in range(len(self.between))]
        for name, number in zip(self.names, self.number.tolist(), strict=True):
            found[number].append(name)
        return found


def join_images(
    names: Sequence[str],
    similarity: np.ndarray,
    links: Links | None = None,
    linkage: Linkage = "average",
) -> Joined:
    """Return how images are joined. First those that must be, then the most similar groups, and
    never two that hold images which cannot show one animal. The order of the images does not
    matter.

    Memory: about 24·n² bytes, 400 MB for 4,000 images.

    Args:
        names: of the images, each once.
        similarity: symmetric [n, n], higher is more alike.
        links: what is known of pairs.
        linkage: see `join`.

    Raises:
        InputError: links contradict each other.
    """
    links = links or Links()
    order = np.argsort(np.asarray(names, np.str_))
    names = tuple(names[n] for n in order.tolist())
    similarity = np.asarray(similarity, np.float64)[np.ix_(order, order)]
    block = must_blocks(names, links)
    apart = cannot_matrix(names, block, links)
    size = np.bincount(block, minlength=len(apart))
    alike = _block_similarity(similarity, block, linkage)
    alike[apart] = NEVER
    return Joined(names, similarity, block, join(alike, size, linkage), apart)


def _block_similarity(similarity: np.ndarray, block: np.ndarray, linkage: Linkage) -> np.ndarray:
    """Return the similarity of blocks: the mean over pairs of their images, or the highest."""
    count = int(block.max(initial=-1)) + 1
    if count == len(block):
        return similarity[np.ix_(np.argsort(block), np.argsort(block))]
    if linkage == "average":
        return _block_means(similarity, block, count)
    highest = np.full((count, count), NEVER)
    np.maximum.at(highest, (block[:, None], block[None]), similarity)
    return highest


def _block_means(similarity: np.ndarray, block: np.ndarray, count: int) -> np.ndarray:
    inside = csr_matrix((np.ones(len(block)), (block, np.arange(len(block)))), (count, len(block)))
    size = np.maximum(np.bincount(block, minlength=count), 1).astype(np.float64)
    return (inside @ (inside @ similarity.T).T) / np.outer(size, size)


def _means(joined: Joined, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `Groups.score` and `Groups.between`."""
    count = int(number.max(initial=-1)) + 1
    between = _block_means(joined.similarity, number, count)
    group_of = np.zeros(len(joined.apart), np.int64)
    group_of[joined.block] = number
    first, second = np.nonzero(joined.apart)
    between[group_of[first], group_of[second]] = NEVER
    score = np.full(len(number), np.nan)
    for group in np.flatnonzero(np.bincount(number, minlength=count) > 1):
        rows = np.flatnonzero(number == group)
        inside = joined.similarity[np.ix_(rows, rows)]
        score[rows] = (inside.sum(axis=1) - np.diagonal(inside)) / (len(rows) - 1)
    return score, between
