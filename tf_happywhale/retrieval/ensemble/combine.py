"""Rank by several models together: their embeddings side by side, or the mean of their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.search.candidates import Candidates, fill, nobody, rank_individuals
from tf_happywhale.retrieval.search.exact import ROUNDING, Neighbours, rank_labels
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack
from tf_happywhale.retrieval.search.scored import Scores, cosines

LOOK = 8  # each member first names this many times the number of individuals wanted
MEBIBYTE = 2**20


def rank_by_ensemble(
    queries: EnsembleEmbeddings,
    gallery: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    k: int,
    shares: Sequence[float],
    rank: Rank,
) -> Candidates:
    """Return the k best individuals of each query by all the members together.

    Args:
        queries, gallery: their embeddings by the same members.
        individual_ids: the individual in each image of the gallery.
        k: number of candidates of each query.
        shares: each member's share of the score.
        rank: `ensemble` says whether the members' embeddings are put side by side, so that they
            agree on an image, or their scores of an individual are averaged; `mirrored` how the
            mirrored pictures count; `centre_share`, `best_of` and the engine as in the config.
    """
    if not len(gallery):
        return nobody(len(queries), k)
    if rank.mirrored == "images":
        views = list(product((queries, queries.mirror()), (gallery, gallery.mirror())))
    else:
        views = [(queries, gallery)]
    rank_view = _averaged if rank.ensemble == "average" else _joined
    found = [rank_view(*view, individual_ids, k, shares, rank) for view in views]
    return found[0] if len(found) == 1 else best_view(found, k)


def scores_of_images(
    queries: EnsembleEmbeddings,
    gallery: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    shares: Sequence[float],
    rank: Rank,
) -> Scores:
    """Return a function from rows of queries [b] to their scores with every image of the gallery,
    float32 [b, m], by the members side by side; arguments: see `rank_by_ensemble`."""
    return cosines(_rows(queries, shares, rank), _gallery(gallery, individual_ids, shares, rank))


def _joined(
    queries: EnsembleEmbeddings,
    gallery: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    k: int,
    shares: Sequence[float],
    rank: Rank,
) -> Candidates:
    """Rank by the cosine of the members' embeddings side by side."""
    return rank_individuals(
        _rows(queries, shares, rank),
        _gallery(gallery, individual_ids, shares, rank),
        individual_ids,
        k,
        engine=rank.engine,
        shortlist=rank.shortlist,
        memory=rank.memory * MEBIBYTE,
        best_of=rank.best_of,
    )


def _rows(side: EnsembleEmbeddings, shares: Sequence[float], rank: Rank) -> Stack:
    own = side.stack(shares)
    if rank.mirrored != "joined":
        return own
    other = side.mirror().stack(shares)
    half = np.sqrt(0.5)
    return Stack(
        own.parts + other.parts,
        own.rows + other.rows,
        tuple(scales * half for scales in own.scales + other.scales),
    )


def _gallery(
    side: EnsembleEmbeddings, individual_ids: Sequence[str], shares: Sequence[float], rank: Rank
) -> Stack | Blend:
    images = _rows(side, shares, rank)
    if not rank.centre_share:
        return images
    centres = side.centres(shares, individual_ids)
    if rank.mirrored == "joined":  # a centre has no mirror image: it faces both views
        half = np.sqrt(0.5)
        scales = tuple(scale * half for scale in centres.scales)
        centres = Stack(centres.parts * 2, centres.rows * 2, scales * 2)
    return Blend(images, centres, rank.centre_share)


def _averaged(
    queries: EnsembleEmbeddings,
    gallery: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    k: int,
    shares: Sequence[float],
    rank: Rank,
) -> Candidates:
    """Rank by the mean of the members' scores of an individual, each by its own best image.

    Fagin's threshold algorithm: each member names its best individuals, and every member scores all
    that are named. The score of an individual that no member names is at most the mean of the last
    named scores. If that mean is not below the k-th best mean, the members name more.
    """
    weights = np.asarray(shares, np.float64) / np.sum(shares)
    ids, labels = np.unique(np.asarray(individual_ids, dtype=np.str_), return_inverse=True)
    k_found = min(k, len(ids))
    sides = [(queries.only([n]), gallery.only([n])) for n in range(len(weights))]
    rows = [_rows(asked, [1.0], rank) for asked, _ in sides]
    galleries = [_gallery(known, individual_ids, [1.0], rank) for _, known in sides]
    best_scores = [_label_scores(galleries[n], labels) for n in range(len(weights))]
    columns = [np.zeros((len(queries), k_found), kind) for kind in (np.int64, float, np.int64)]
    open_rows, look = np.arange(len(queries)), min(LOOK * k, len(ids))
    while len(open_rows):
        named = [
            rank_individuals(
                rows[n].take(open_rows), galleries[n], labels_as_text(labels), look,
                engine=rank.engine, shortlist=rank.shortlist, memory=rank.memory * MEBIBYTE,
            )
            for n in range(len(weights))
        ]  # fmt: skip
        last = sum(w * found.score[:, -1] for w, found in zip(weights, named, strict=True))
        sure = np.zeros(len(open_rows), bool)
        for n, row in enumerate(open_rows):
            everyone = np.unique([found.individual_id[n] for found in named]).astype(np.int64)
            each = [scores(rows[m], row, everyone) for m, scores in enumerate(best_scores)]
            mean = sum(w * score for w, (score, _) in zip(weights, each, strict=True))
            place = rank_labels(mean[None], everyone[None], k_found)[0]
            columns[0][row], columns[1][row] = everyone[place], mean[place]
            columns[2][row] = each[int(np.argmax(weights))][1][place]
            sure[n] = look == len(ids) or mean[place[-1]] > last[n] + ROUNDING
        open_rows, look = open_rows[~sure], min(4 * look, len(ids))
    return fill(ids, Neighbours(*columns), k)


def labels_as_text(labels: np.ndarray) -> list[str]:
    """Return labels as ids of equal length, so that text order is their order."""
    return [f"{label:09d}" for label in labels]


def _label_scores(gallery: Stack | Blend, labels: np.ndarray) -> Callable:
    """Return a function from a query and labels to each label's best score float64 and its
    image."""
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(int(labels.max()) + 2))

    def scores(queries: Stack, query: int, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        images = [order[starts[label] : starts[label + 1]] for label in wanted]
        rows = np.concatenate(images)
        cosine = gallery.dot(rows, queries, np.full(len(rows), query))
        heads = np.cumsum([0, *(len(part) for part in images[:-1])])
        best = np.maximum.reduceat(cosine, heads)
        parts = np.split(cosine, heads[1:])
        return best, np.array(
            [part[int(np.argmax(score))] for part, score in zip(images, parts, strict=True)]
        )

    return scores


def best_view(found: Sequence[Candidates], k: int) -> Candidates:
    """Return the k individuals with the highest score in any of several views of the same
    queries."""
    ids = np.concatenate([view.individual_id for view in found], axis=1)
    score = np.concatenate([view.score for view in found], axis=1)
    reference = np.concatenate([view.reference for view in found], axis=1)
    columns = (np.full((len(ids), k), "", ids.dtype), np.full((len(ids), k), -np.inf, np.float32),
               np.full((len(ids), k), -1, np.int64))  # fmt: skip
    for n, row in enumerate(ids):
        order = np.lexsort([row, -score[n]])
        _, first = np.unique(row[order], return_index=True)
        chosen = [place for place in order[np.sort(first)] if row[place]][:k]
        for column, values in zip(columns, (ids, score, reference), strict=True):
            column[n, : len(chosen)] = values[n, chosen]
    return Candidates(*columns)
