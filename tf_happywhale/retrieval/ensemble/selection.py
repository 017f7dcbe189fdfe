"""Choose the members of an ensemble and their weights, on images they have not seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.out_of_fold import FoldScores, score_fold, score_folds
from tf_happywhale.retrieval.metrics import average_precision
from tf_happywhale.retrieval.search.candidates import Candidates
from tf_happywhale.retrieval.submission import ANSWERS

NAMED = 50  # individuals that each member names for a query
ROUNDS = 3  # at most this many additions for each member


def best_members(gallery: LabelledGallery, count: int | None, rank: Rank) -> list[int]:
    """Return the `count` members with the highest mAP@5 of known individuals, each on the folds on
    which it was not trained; all members for None. They keep their order; of equal ones the first
    is taken.

    Raises:
        InputError: a member was trained on every fold, or does not say on which.
    """
    everyone = list(range(len(gallery.embeddings.members)))
    if count is None or count >= len(everyone):
        return everyone
    if rank.centre_share:
        gallery = gallery.with_unseen()
    precision = [_precision_alone(gallery, n, rank) for n in everyone]
    return sorted(sorted(everyone, key=lambda n: -precision[n])[:count])


def _precision_alone(gallery: LabelledGallery, member: int, rank: Rank) -> float:
    if not gallery.held_out[member]:
        raise InputError(
            f"Model {member + 1} was trained on every fold, so that it cannot be compared: leave "
            "out rank.members."
        )
    found = []
    for fold in gallery.held_out[member]:
        ranked, rows = score_fold(gallery, fold, [member], [1.0], ANSWERS, rank)
        truth = gallery.truth[rows]
        known = truth != NEW_INDIVIDUAL
        found.append(average_precision(ranked.individual_id[known].tolist(), truth[known].tolist()))
    return float(np.concatenate(found).mean()) if sum(map(len, found)) else 0.0


def choose_weights(
    gallery: LabelledGallery, rank: Rank, judges: Collection[str] | None = None
) -> list[float]:
    """Return weights by greedy selection with replacement (Caruana et al. 2004), fold by fold.

    Among the members that were not trained on a fold, the one with the best mAP@5 of its known
    individuals is taken first. Then the member that raises mAP@5 most is taken, again and again;
    the same member may be taken again. A member's weight is how often it was taken; every fold's
    weights sum to 1 over the number of its members. A member that was never taken has weight 0. An
    individual that a member does not name among its best `NAMED` gets the score of the last that it
    names. If `judges` are given, only images of those individuals count.

    Raises:
        InputError: a member does not say on which folds it was trained, or all were trained on all.
    """
    weights = np.zeros(len(gallery.held_out))
    for fold in gallery.judged:
        members = gallery.judges(fold)
        if len(members) == 1:
            weights[members] += 1
            continue
        named = [score_fold(gallery, fold, [n], [1.0], NAMED, rank) for n in members]
        found, rows = [candidates for candidates, _ in named], named[0][1]
        answers = {
            n: answer
            for n, answer in enumerate(gallery.truth[rows].tolist())
            if answer != NEW_INDIVIDUAL and (judges is None or answer in judges)
        }
        table = [_scores(found, n) for n in answers]
        weights[members] += select(table, list(answers.values()))
    if not weights.any():
        raise InputError(
            "Every model was trained on every fold, so that no weights can be chosen: set "
            "rank.weights=given."
        )
    return weights.tolist()


def score_folds_by_chosen(gallery: LabelledGallery, k: int, rank: Rank) -> list[FoldScores]:
    """Return what `score_folds` does, by weights that do not depend on the scored individual: half
    of the individuals choose the weights by which the other half is scored."""
    everyone = sorted(set(gallery.individual_ids.tolist()))
    halves = [set(everyone[n::2]) for n in (0, 1)]
    scored = []
    for mine, judges in (halves, halves[::-1]):
        weights = choose_weights(gallery, rank, judges)
        for part in score_folds(gallery, weights, k, rank)[0]:
            scored.append(_take(part, [who in mine for who in part.individual_ids.tolist()]))
    count = len(scored) // 2
    return [_join(scored[n], scored[n + count]) for n in range(count)]


def select(table: list[tuple[np.ndarray, np.ndarray]], answers: Sequence[str]) -> np.ndarray:
    """Return members' weights [m], the sum of which is 1.

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
    """Return all named for a query, and each member's scores, standardised by its best ones."""
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
            total += 1 / (rank + 1) if rank < ANSWERS else 0.0
    return total / max(len(answers), 1)
