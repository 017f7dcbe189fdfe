"""Exact nearest neighbours by cosine: in tiles, or for few queries as the gallery lies."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search.as_it_lies import multiply, queries_together
from tf_happywhale.retrieval.search.dot_products import choose_engine, error_bound
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack
from tf_happywhale.retrieval.search.scored_shortlist import (
    DECIMALS,
    Found,
    changes,
    score_shortlist,
)
from tf_happywhale.retrieval.search.shortlist import CrowdedError, Groups, Shortlist, make_groups

GALLERY_ROWS = 2048  # of a tile
QUERY_ROWS = 2048  # of a tile
FEWEST = 512  # of a tile of queries, where larger ones would be fewer than the workers
ROUNDING = 1e-6  # of scores in float32: what differs by less may be equal
MEMORY = 2**29  # bytes
WORKERS = 3  # tiles of queries in work at a time


@dataclass(frozen=True)
class Neighbours:
    """The k nearest labels of each query, best first, equal ones in their order.

    Attributes:
        label: int64 [n, k].
        score: float64 [n, k], cosine of the label's best image, or the blend's score.
        image: int64 [n, k], gallery row of that image.
    """

    label: np.ndarray
    score: np.ndarray
    image: np.ndarray


def nearest(
    queries: Stack,
    gallery: Stack | Blend,
    labels: np.ndarray,
    k: int,
    *,
    engine: str = "numpy",
    shortlist: str = "auto",
    memory: int = MEMORY,
) -> Neighbours:
    """Return the labels with the best image of each query; exact, whatever the engine.

    The engine's dot products choose a shortlist that cannot miss any label (`shortlist.py`); what
    is on it is scored in float64. To find images instead of individuals, give each image its own
    label.

    Args:
        queries: n rows of length 1.
        gallery: m rows, m ≥ 1.
        labels: int64 [m], not negative.
        k: number of labels of each query; fewer are returned if there are fewer.
        engine: `numpy`, `tensorflow`, or `auto`. Few queries are multiplied by NumPy, unless
            `tensorflow` is asked for.
        shortlist: `float32`, `bfloat16`, or `auto`, for TensorFlow.
        memory: bytes for the gallery in the engine's numbers, or for the dot products of few
            queries; what is larger is taken in parts.

    Raises:
        InputError: the engine's dot products are further off than they may be, or the embeddings
            are so similar that no engine can tell them apart.
    """
    for multiplier in dict.fromkeys((engine, "numpy")):  # NumPy's float32 is the least off
        with suppress(CrowdedError):
            return _search(queries, gallery, labels, k, multiplier, shortlist, memory)
    raise InputError(
        "The embeddings are nearly all alike, so that nothing tells individuals apart: see whether "
        "the model was trained and its weights loaded, then run embed again."
    )


def _search(
    queries: Stack,
    gallery: Stack | Blend,
    labels: np.ndarray,
    k: int,
    engine: str,
    shortlist: str,
    memory: int,
) -> Neighbours:
    """Do what `nearest` does, by one engine; raise CrowdedError if its shortlist grows too long."""
    order = np.argsort(labels, kind="stable")
    labels, gallery = labels[order], gallery.take(order)
    k = min(k, np.count_nonzero(changes(labels)))
    groups, together = make_groups(labels, k), queries_together(gallery, len(queries), memory)
    if together and engine != "tensorflow":
        parts = [
            _search_few(queries.take(slice(*some)), gallery, labels, groups, k)
            for some in spans(0, len(queries), together)
        ]
    else:
        parts = _search_tiles(queries, gallery, labels, groups, k, engine, shortlist, memory)
    empty = (np.zeros((0, k), np.int64), np.zeros((0, k)), np.zeros((0, k), np.int64))
    label, score, image = (np.concatenate(column) for column in zip(empty, *parts, strict=True))
    return Neighbours(label, score, order[image])


def _search_few(
    queries: Stack, gallery: Stack | Blend, labels: np.ndarray, groups: Groups, k: int
) -> Found:
    """Score the shortlists of few queries; the gallery is read as it lies."""
    found, dots = Shortlist.empty(k, groups, len(queries), 0.0), multiply(gallery, queries)
    for start, stop in spans(0, len(gallery), GALLERY_ROWS):
        found.add(dots.tile(slice(start, stop)), start, dots.bound)
    return score_shortlist(found, queries, gallery, labels)


def _search_tiles(
    queries: Stack,
    gallery: Stack | Blend,
    labels: np.ndarray,
    groups: Groups,
    k: int,
    engine: str,
    shortlist: str,
    memory: int,
) -> list[Found]:
    """Score the shortlists of many queries, a tile of them at a time, by tiles of the gallery."""
    chosen = choose_engine(engine, shortlist, float(len(queries)) * len(gallery) * gallery.width)
    rows = min(QUERY_ROWS, max(FEWEST, -(-len(queries) // WORKERS)))
    lists: list[Shortlist | None] = [
        Shortlist.empty(k, groups, stop - start, chosen.rounding)
        for start, stop in spans(0, len(queries), rows)
    ]
    part = max(GALLERY_ROWS, memory // (chosen.bytes * gallery.width))
    # One thread's tile is multiplied while another's is looked through.
    with ThreadPoolExecutor(WORKERS) as workers:
        for start, stop in spans(0, len(gallery), part):
            places = list(spans(start, stop, GALLERY_ROWS))
            tiles = workers.map(lambda place: chosen.operand(gallery, *place), places)
            operands = list(zip(places, tiles, strict=True))

            def look(number: int, operands: list = operands, last: bool = stop == len(gallery)):
                mine = queries.take(slice(number * rows, (number + 1) * rows))
                asked = chosen.operand(mine, 0, len(mine))
                for (place, _), tile in operands:
                    bound = error_bound(tile, asked, gallery.width)
                    lists[number].add(chosen.dots(tile, asked), place, bound)
                if not last:
                    return None
                found, lists[number] = lists[number], None  # so that its pairs are freed
                return score_shortlist(found, mine, gallery, labels)

            parts = list(workers.map(look, range(len(lists))))
    return parts


def rank_labels(score: np.ndarray, label: np.ndarray, k: int) -> np.ndarray:
    """Return places int64 [n, k] of each row's k highest scores [n, c], equal ones by label [n,
    c]."""
    return np.lexsort([label, -np.round(score, DECIMALS)], axis=1)[:, :k]


def spans(start: int, stop: int, step: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the end of each step from `start` to `stop`; the last may be shorter."""
    for first in range(start, stop, step):
        yield first, min(first + step, stop)
