"""Which members an ensemble takes, and with what weights, chosen on images they have not seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL, with_new
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.out_of_fold import (
    FoldScores,
    held_out_of,
    mark_unseen,
    score_fold,
    score_folds,
)
from tf_happywhale.retrieval.metrics import average_precision
from tf_happywhale.retrieval.new_individual.thresholds import AT
from tf_happywhale.retrieval.search.candidates import Candidates

NAMED = 50  # individuals that each member names for a query
ROUNDS = 3  # as many additions a member at most


def best_members(
    gallery: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    folds: Mapping[str, int],
    count: int | None,
    rank: Rank,
) -> list[int]:
    """The `count` members with the highest mAP@5 of known individuals, each on the folds that it
    has not seen; all of them for None. In their own order; of equal ones the first.

    Raises:
        InputError: a member has seen every fold, or does not say what it has seen.
    """
    everyone = list(range(len(gallery.members)))
    if count is None or count >= len(everyone):
        return everyone
    if rank.centre_share:
        gallery = mark_unseen(gallery, individual_ids, folds)
    individual_ids = np.asarray(individual_ids, dtype=np.str_)
    precision = []
    for n, own in enumerate(held_out_of(gallery, folds)):
        if not own:
            raise InputError(
                f"Model {n + 1} was trained on every fold, so that it cannot be compared: leave "
                "out rank.members."
            )
        found = []
        for fold in own:
            ranked, rows = score_fold(
                gallery, individual_ids, folds, fold, [n], [1.0], k=AT, rank=rank
            )
            truth = with_new(individual_ids[rows].tolist(), np.delete(individual_ids, rows))
            known = [row for row, answer in enumerate(truth) if answer != NEW_INDIVIDUAL]
            ids = ranked.individual_id[known].tolist()
            found.append(average_precision(ids, [truth[row] for row in known]))
        precision.append(float(np.concatenate(found).mean()) if sum(map(len, found)) else 0.0)
    return sorted(sorted(everyone, key=lambda n: -precision[n])[:count])


def choose_weights(
    gallery: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    folds: Mapping[str, int],
    rank: Rank,
    judges: Collection[str] | None = None,
) -> list[float]:
    """Weights by greedy selection with replacement (Caruana et al. 2004), fold by fold.

    Among the members that have not seen a fold, the one with the best mAP@5 of its known
    individuals is taken first; then, again and again, whichever raises it most, also a second time.
    A member's weight is how often it was taken, every fold's weights summing to 1 over the number
    of its members; one that was never taken has weight 0. Whom a member does not name among its
    best `NAMED` counts as the last that it names. Only images of the individuals `judges` count,
    if they are given.

    Raises:
        InputError: a member does not say which folds it was trained on, or all have seen all.
    """
    individual_ids = np.asarray(individual_ids, dtype=np.str_)
    unseen = held_out_of(gallery, folds)

    def counts(answer: str) -> bool:
        return answer != NEW_INDIVIDUAL and (judges is None or answer in judges)

    weights = np.zeros(len(unseen))
    for fold in sorted({fold for own in unseen for fold in own}):
        members = [n for n, own in enumerate(unseen) if fold in own]
        if len(members) == 1:
            weights[members] += 1
            continue
        named = [
            score_fold(gallery, individual_ids, folds, fold, [n], [1.0], k=NAMED, rank=rank)
            for n in members
        ]
        rows = named[0][1]
        truth = with_new(individual_ids[rows].tolist(), np.delete(individual_ids, rows).tolist())
        table = [
            _scores([found for found, _ in named], n)
            for n, answer in enumerate(truth)
            if counts(answer)
        ]
        answers = [answer for answer in truth if counts(answer)]
        weights[members] += select(table, answers)
    if not weights.any():
        raise InputError(
            "No model has a fold that it has not seen, so that no weights can be chosen: set "
            "rank.weights=given."
        )
    return weights.tolist()


def score_folds_by_chosen(
    gallery: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    folds: Mapping[str, int],
    k: int,
    rank: Rank,
) -> list[FoldScores]:
    """As `score_folds`, by weights that no image's own individual has had a say in: half of the
    individuals choose the weights by which the other half is scored."""
    halves = [set(sorted(set(individual_ids))[n::2]) for n in (0, 1)]
    scored = []
    for mine, judges in (halves, halves[::-1]):
        weights = choose_weights(gallery, individual_ids, folds, rank, judges)
        for part in score_folds(gallery, individual_ids, folds, weights, k, rank)[0]:
            scored.append(_take(part, [who in mine for who in part.individual_ids.tolist()]))
    count = len(scored) // 2
    return [_join(scored[n], scored[n + count]) for n in range(count)]


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


def _take(part: FoldScores, kept: list[bool]) -> FoldScores:
    rows = np.flatnonzero(kept)
    return replace(
        part,
        images=part.images[rows],
        individual_ids=part.individual_ids[rows],
        candidates=Candidates(*(column[rows] for column in vars(part.candidates).values())),
        standard=part.standard[rows],
        truth=[part.truth[row] for row in rows],
    )


def _join(one: FoldScores, other: FoldScores) -> FoldScores:
    columns = zip(vars(one.candidates).values(), vars(other.candidates).values(), strict=True)
    return replace(
        one,
        images=np.concatenate([one.images, other.images]),
        individual_ids=np.concatenate([one.individual_ids, other.individual_ids]),
        candidates=Candidates(*(np.concatenate(pair) for pair in columns)),
        standard=np.concatenate([one.standard, other.standard]),
        truth=one.truth + other.truth,
    )


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
            own = mixed[place[0]]  # whom a member cannot tell from the answer comes before it
            rank = int((mixed > own).sum() + (mixed == own).sum() - 1)
            total += 1 / (rank + 1) if rank < AT else 0.0
    return total / max(len(answers), 1)
