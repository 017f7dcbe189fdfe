"""What is known of pairs of images: they show one animal (must), or two (cannot)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.errors import InputError

Pair = tuple[str, str]


@dataclass(frozen=True)
class Links:
    """Pairs of images by name: those that show one animal, and those that show two."""

    must: Sequence[Pair] = ()
    cannot: Sequence[Pair] = ()

    def __add__(self, other: Links) -> Links:
        return Links([*self.must, *other.must], [*self.cannot, *other.cannot])


def links_of_photographs(keys: Sequence[str], together: Sequence[str] = ()) -> Links:
    """Return what photographs say by themselves: two animals in one photograph are two, and the
    photographs of an encounter show one.

    Args:
        keys: of the animals.
        together: the encounter of each; empty for none.
    """
    groups = _by_value(zip(keys, together, strict=True)) if together else []
    inside = _by_value((key, photograph_of(key)) for key in keys)
    cannot = [(one, other) for some in inside for n, one in enumerate(some) for other in some[:n]]
    return Links([pair for some in groups for pair in _chained(some)], cannot)


def links_of_names(named: Mapping[str, str]) -> Links:
    """Return what names say: images with one name show one animal, and others show others.

    Args:
        named: the name of an animal by image.
    """
    groups = _by_value(named.items())
    firsts = [some[0] for some in groups]
    cannot = [(one, other) for n, one in enumerate(firsts) for other in firsts[:n]]
    return Links([pair for some in groups for pair in _chained(some)], cannot)


def must_blocks(names: Sequence[str], links: Links) -> np.ndarray:
    """Return the block of each image, int64 [n]: images in one block show one animal, by must-links
    and what follows from them. Blocks are numbered by their first image.

    Links with images that are not in `names` do not count.

    Raises:
        InputError: two images must and cannot show one animal.
    """
    row = {name: n for n, name in enumerate(names)}
    pairs = _rows(links.must, row)
    graph = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(row), len(row)))
    block = connected_components(graph, directed=False)[1].astype(np.int64)
    for one, other in _rows(links.cannot, row).tolist():
        if block[one] == block[other]:
            raise InputError(
                f"{names[one]} and {names[other]} were said to show two animals, but also one, "
                "directly or by other photographs between them: correct one of the decisions."
            )
    return block


def cannot_matrix(names: Sequence[str], block: np.ndarray, links: Links) -> np.ndarray:
    """Return which blocks may not be joined, bool [b, b].

    Args:
        names: of the images.
        block: see `must_blocks`.
        links: see there.
    """
    row = {name: n for n, name in enumerate(names)}
    count = int(block.max(initial=-1)) + 1
    apart = np.zeros((count, count), bool)
    first, second = block[_rows(links.cannot, row)].T
    apart[first, second] = apart[second, first] = True
    return apart


def _rows(pairs: Iterable[Pair], row: Mapping[str, int]) -> np.ndarray:
    """Return the rows of pairs whose images are both there, int64 [p, 2]."""
    known = [(row[a], row[b]) for a, b in pairs if a in row and b in row]
    return np.array(known, np.int64).reshape(-1, 2)


def _chained(names: Sequence[str]) -> list[Pair]:
    return list(pairwise(names))


def _by_value(items: Iterable[Pair]) -> list[list[str]]:
    """Return the names that have one value, for each value but the empty one."""
    found: dict[str, list[str]] = {}
    for name, value in items:
        if value:
            found.setdefault(value, []).append(name)
    return list(found.values())
