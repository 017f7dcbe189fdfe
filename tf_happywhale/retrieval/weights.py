"""Which members an ensemble takes, and with what weights, chosen on images they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tf_happywhale.catalogue.individuals import NEW_INDIVIDUAL, with_new
from tf_happywhale.config import Rank
from tf_happywhale.retrieval.open_set import AT
from tf_happywhale.retrieval.out_of_fold import held_out_of, score_fold
from tf_happywhale.retrieval.side import Side

NAMED = 50  # individuals that each member names for a query
ROUNDS = 3  # as many additions a member at most


def choose_weights(
    gallery: Side, individual_ids: Sequence[str], folds: Mapping[str, int], rank: Rank
) -> list[float]:
    """Weights by greedy selection with replacement (Caruana et al. 2004), fold by fold.

    Among the members that have not seen a fold, the one with the best mAP@5 of its known
    individuals is taken first; then, again and again, whichever raises it most, also a second time.
    A member's weight is how often it was taken, every fold's weights summing to 1 over the number
    of its members; one that was never taken has weight 0. Whom a member does not name among its
    best `NAMED` counts as the last that it names.

    Raises:
        InputError: a member does not say which folds it was trained on.
    """
    individual_ids = np.asarray(individual_ids, dtype=np.str_)
    unseen = held_out_of(gallery, folds)
    weights = np.zeros(len(unseen))
    for fold in sorted({fold for own in unseen for fold in own}):
        members = [n for n, own in enumerate(unseen) if fold in own]
        if len(members) == 1:
            weights[members] += 1
            continue
        named = [
            score_fold(gallery, individual_ids, folds, fold, [n], [1.0], NAMED, rank)
            for n in members
        ]
        rows = named[0][1]
        truth = with_new(individual_ids[rows].tolist(), np.delete(individual_ids, rows).tolist())
        table = [
            _scores([found for found, _ in named], n)
            for n, answer in enumerate(truth)
            if answer != NEW_INDIVIDUAL
        ]
        answers = [answer for answer in truth if answer != NEW_INDIVIDUAL]
        weights[members] += select(table, answers)
    return weights.tolist()


def select(table: list[tuple[np.ndarray, np.ndarray]], answers: Sequence[str]) -> np.ndarray:
    """Members' weights [m], the sum of which is 1.

    Args:
        table: for each query the named ids str [c] and their scores by each member [m, c].
        answers: the right id of each query.
    """
    members = len(table[0][1]) if table else 1
    taken, best = np.zeros(members), -1.0
    for _ in range(ROUNDS * members):
        tried = [_precision(table, answers, taken + np.eye(members)[n]) for n in range(members)]
        if max(tried) <= best + 1e-12:
            break
        best = max(tried)
        taken[int(np.argmax(tried))] += 1
    return taken / taken.sum() if taken.any() else np.full(members, 1 / members)


def _scores(found: Sequence, query: int) -> tuple[np.ndarray, np.ndarray]:
    """Everyone named for a query, and each member's scores, standardised by its best ones."""
    everyone = sorted({i for part in found for i in part.individual_id[query].tolist() if i})
    scores = np.empty((len(found), len(everyone)))
    for n, part in enumerate(found):
        best = part.score[:, 0][np.isfinite(part.score[:, 0])]
        own = {
            i: float(s)
            for i, s in zip(part.individual_id[query].tolist(), part.score[query], strict=True)
            if i
        }
        last = min(own.values(), default=0.0)
        raw = np.array([own.get(identity, last) for identity in everyone])
        scores[n] = (raw - best.mean()) / (best.std() or 1.0)
    return np.array(everyone, dtype=np.str_), scores


def _precision(
    table: list[tuple[np.ndarray, np.ndarray]], answers: Sequence[str], weights: np.ndarray
) -> float:
    total = 0.0
    for (ids, scores), answer in zip(table, answers, strict=True):
        place = np.flatnonzero(ids == answer)
        if len(place):
            mixed = weights @ scores
            rank = int((mixed > mixed[place[0]]).sum())
            total += 1 / (rank + 1) if rank < AT else 0.0
    return total / max(len(answers), 1)
