"""Known individuals asked as new ones, with their own images left out of the gallery.

A catalogue's folds often hold few new individuals: those with all their images in one fold. The
known ones without their own images look much like them: measured, docs/method.md (new_individual).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.retrieval.ensemble.out_of_fold import OutOfFold
from tf_happywhale.retrieval.submission import ANSWERS

ASKED = ANSWERS + 1  # candidates of a query, so that enough are left without its individual
ENOUGH = 100  # new individuals that teach without the known ones
Queries = TypeVar("Queries", bound=OutOfFold)


def with_enough_new(queries: Queries, enough: int = ENOUGH) -> Queries:
    """Return queries with so many new individuals as they are, and others `with_left_out`.

    Args:
        queries: with `ASKED` candidates.
        enough: new individuals.
    """
    new = len(set(queries.individual_ids[queries.is_new].tolist()))
    return queries if new >= enough else with_left_out(queries)


def with_left_out(queries: Queries) -> Queries:
    """Return the queries, and those of known individuals a second time, as if these were new.

    An individual's score does not depend on the others. So the candidates of such a query are the
    known one's without the right individual. All lose their last candidate, so that they are
    equally many.
    """
    known = np.flatnonzero(~queries.is_new)
    ids, score = without_own(queries.ids, queries.score, queries.individual_ids)
    standard = without_own(queries.ids, queries.standard, queries.individual_ids)[1]
    everything = queries.take(np.concatenate([np.arange(len(queries)), known]))
    k, new = ids.shape[1], np.full(len(known), NEW_INDIVIDUAL)
    return replace(
        everything,
        ids=np.concatenate([queries.ids[:, :k], ids[known]]),
        score=np.concatenate([queries.score[:, :k], score[known]]),
        standard=np.concatenate([queries.standard[:, :k], standard[known]]),
        truth=np.concatenate([queries.truth, new]),
    )


def without_own(
    ids: np.ndarray, scores: np.ndarray, individual_ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return candidates and scores [n, k − 1] without the right individual; without it nobody moves
    up behind the last one.

    Args:
        ids: candidates str [n, k], best first.
        scores: of them [n, k].
        individual_ids: the right ones, str [n].
    """
    is_own = ids == individual_ids[:, None]
    order = np.argsort(is_own, axis=1, kind="stable")  # one's own goes last
    k = max(ids.shape[1] - 1, 1)
    found = np.where(is_own, "", ids), np.where(is_own, -np.inf, scores)
    names, values = (np.take_along_axis(part, order, 1)[:, :k] for part in found)
    return names, values
