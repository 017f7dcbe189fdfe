"""What each further member of an ensemble adds: one, two, three and more of them together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.out_of_fold import join_scores, score_folds
from tf_happywhale.retrieval.metrics import auroc, average_precision, interval, weighted_mean
from tf_happywhale.retrieval.submission import ANSWERS

FOLD = re.compile(r"/fold\d+$")
Orders = dict[int, list[int]]  # the members that judge each fold, in the order in which they join


def measure_added(
    gallery: LabelledGallery,
    weights: Sequence[float],
    names: Sequence[str],
    alone: Sequence[Mapping[str, Mapping]],
    rank: Rank,
    seed: int,
) -> dict[str, list[dict]]:
    """Return what the first members of each fold reach together, one more at a time.

    A fold is asked of the members that were not trained on it. So a network that was trained once
    for each fold is one step, not one for each fold. Weights are those given.

    Args:
        gallery: the catalogue by all members.
        weights: theirs.
        names: theirs, for a person.
        alone: each member's metrics on its folds, see `judge_members`.
        rank: how scores are made.
        seed: of the intervals.

    Returns:
        Steps in the order `given`, and with the member that is best alone on these images first
        (`best_first`), where that is another order. A step has the `members` that join, the number
        of them on a fold (`count`), `map5_known`, the gain over the step before (`added`) with its
        95% `interval`, and the `auroc` of known and new. Empty where no fold has two members.
    """
    if rank.centre_share:
        gallery = gallery.with_unseen()
    given = {fold: gallery.judges(fold) for fold in gallery.judged}
    if max(map(len, given.values()), default=0) < 2:
        return {}
    best = {
        fold: sorted(own, key=lambda n, fold=fold: -(alone[n][f"fold{fold}"]["map5_known"] or 0.0))
        for fold, own in given.items()
    }
    orders = {"given": given} | ({"best_first": best} if best != given else {})
    return {
        name: _steps(gallery, weights, names, order, rank, seed) for name, order in orders.items()
    }


def _steps(
    gallery: LabelledGallery,
    weights: Sequence[float],
    names: Sequence[str],
    order: Orders,
    rank: Rank,
    seed: int,
) -> list[dict]:
    found, before = [], None
    for count in range(1, max(map(len, order.values())) + 1):
        taken = {fold: own[:count] for fold, own in order.items()}
        queries = join_scores(score_folds(gallery, weights, ANSWERS, rank, judges=taken)[0])
        known = queries.truth != NEW_INDIVIDUAL
        who = queries.individual_ids[known]
        right = average_precision(queries.ids[known].tolist(), queries.truth[known].tolist())
        separated = auroc(-queries.standard[:, 0], ~known)
        step = {
            "members": _joining(names, order, count),
            "count": count,
            "map5_known": float(right.mean()) if len(right) else None,
            "auroc": separated if np.isfinite(separated) else None,
        }
        if before is not None and len(right):
            gain = right - before
            step["added"] = float(gain.mean())
            step["interval"] = interval(lambda w, gain=gain: weighted_mean(gain, w), who, seed)
        found.append(step)
        before = right
    return found


def _joining(names: Sequence[str], order: Orders, count: int) -> list[str]:
    """Return the members that join in a step; folds of one network are named once."""
    joining = [names[own[count - 1]] for own in order.values() if len(own) >= count]
    return list(dict.fromkeys(FOLD.sub("", name) for name in joining))
