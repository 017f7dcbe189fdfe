"""Which pairs of images to ask a person about: those that decide most about the groups."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tf_happywhale.retrieval.groups.grouping import Joined
from tf_happywhale.retrieval.groups.linkage import root_of
from tf_happywhale.retrieval.groups.links import Pair


def uncertain_pairs(
    joined: Joined, threshold: float, count: int, asked: Collection[frozenset[str]] = ()
) -> list[Pair]:
    """Return pairs of images by name, the most uncertain first.

    Each step of the tree joins two groups. It is uncertain if their similarity is near the
    threshold, and more depends on it if they have more pairs of images: the distance from the
    threshold is divided by the root of their number. A step is asked about by its most similar
    pair.

    Args:
        joined: see `join_images`.
        threshold: of the groups.
        count: how many pairs.
        asked: pairs that were asked about before.
    """
    inside: dict[int, list[int]] = {}
    for image, block in enumerate(joined.block.tolist()):
        inside.setdefault(block, []).append(image)
    parent = np.arange(len(joined.tree.size))
    found = []
    for (one, other), height in zip(
        joined.tree.pairs.tolist(), joined.tree.height.tolist(), strict=True
    ):
        first, second = root_of(parent, one), root_of(parent, other)
        mine, theirs = inside[first], inside[second]
        some = joined.similarity[np.ix_(mine, theirs)]
        row, column = np.unravel_index(int(some.argmax()), some.shape)
        pair = tuple(sorted((joined.names[mine[row]], joined.names[theirs[column]])))
        found.append((abs(height - threshold) / some.size**0.5, pair))
        parent[second], inside[first] = first, mine + theirs
    return [pair for _, pair in sorted(found) if frozenset(pair) not in asked][:count]
