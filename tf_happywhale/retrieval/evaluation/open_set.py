"""The open set measured out of fold: what each way to place `new_individual` would have reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.out_of_fold import FoldScores, OutOfFold, join_scores
from tf_happywhale.retrieval.ensemble.standard_scores import Line
from tf_happywhale.retrieval.metrics import (
    auroc,
    balanced_accuracy,
    interval,
    weighted_mean,
)
from tf_happywhale.retrieval.new_individual.probability import (
    NewProbability,
    expected_calibration_error,
    fit_new_probability,
    one_minus_cosine,
    parts_of,
    reliability,
)
from tf_happywhale.retrieval.new_individual.thresholds import best_threshold, precision_by_place
from tf_happywhale.retrieval.ranking.ranking import new_rule
from tf_happywhale.retrieval.submission import ANSWERS

MODES = ("first_or_second", "column", "target_share", "per_species")
STANDARD = Line(1.0, 0.0)  # the folds' scores are standardised already
GALLERY_IMAGES = {"0": (0, 0), "1": (1, 1), "2-4": (2, 4), "5-9": (5, 9), "10+": (10, 10**9)}


@dataclass(frozen=True)
class Pool(OutOfFold):
    """Out-of-fold queries of all folds, with what was learned from the other folds only.

    Attributes:
        part: the part of each query; what is used on a part is learned on the others.
        gallery_images: how many images the gallery has of the right individual [n].
        species: of the images [n]; empty if it is unknown.
    """

    part: np.ndarray
    gallery_images: np.ndarray
    species: np.ndarray


def pool_folds(
    scored: Sequence[FoldScores], individual_ids: Sequence[str], species: Mapping[str, str]
) -> Pool:
    """Return all folds' queries. A single fold is cut by individuals into parts, to learn on some
    parts and measure on another."""
    everywhere, queries = Counter(individual_ids), join_scores(scored)
    counts = []
    for fold in scored:
        here = Counter(fold.individual_ids.tolist())
        counts += [everywhere[who] - here[who] for who in fold.individual_ids.tolist()]
    part = np.repeat(np.arange(len(scored)), [len(fold.images) for fold in scored])
    if len(scored) == 1:
        part = parts_of(queries.individual_ids)
    return Pool(
        **vars(queries),
        part=part,
        gallery_images=np.array(counts, dtype=int),
        species=np.array([species.get(i, "") for i in queries.individual_ids.tolist()], np.str_),
    )


def evaluate_pool(pool: Pool, rank: Rank, species: Mapping[str, str], seed: int) -> dict:
    """Everything `evaluate` says about the out-of-fold queries, with 95% bootstrap intervals.

    Returns:
        Counts; `map5` and others by the config's own mode, and its threshold where one is given;
        `modes`, by what the other parts have taught, each with mAP@5 of all, known
        and new; `oracle`, the best that any threshold could have reached on these very images;
        `auroc`; `p_new` with the calibration error before and after and the curves; `species` and
        `gallery_images`, each group with its mAP@5, `rank1`, balanced accuracies and `auroc`, which
        for a number of gallery images is that of telling these known individuals from all new ones.
    """
    place = {mode: _places(pool, rank, mode, species) for mode in MODES}
    precision = precision_by_place(pool.ids, pool.truth, min(ANSWERS, pool.ids.shape[1]))
    rows = np.arange(len(pool))
    reached = {mode: precision[rows, places] for mode, places in place.items()}
    own_place = place[rank.new]
    if rank.threshold is not None:
        own_place = (
            pool.score[:, : ANSWERS if rank.new != "first_or_second" else 1] > rank.threshold
        ).sum(axis=1)
    own = precision[rows, own_place]

    def mean(values: np.ndarray, kept: np.ndarray | None = None) -> dict:
        rows = slice(None) if kept is None else kept
        return _measure(pool, rows, lambda weights: weighted_mean(values[rows], weights), seed)

    def balanced(kept: np.ndarray) -> dict:
        _, who = np.unique(pool.individual_ids[kept], return_inverse=True)  # numbers sort quicker
        return _measure(pool, kept, lambda w: balanced_accuracy(right[kept], who, w), seed)

    def told_apart(kept: np.ndarray) -> dict:
        score, is_new = -pool.standard[kept, 0], pool.is_new[kept]
        return _measure(pool, kept, lambda weights: auroc(score, is_new, weights), seed)

    def group(kept: np.ndarray, against: np.ndarray) -> dict:
        known = kept & ~pool.is_new
        return mean(own, kept) | {
            "rank1": mean(_within(pool, 1).astype(float), known),
            "balanced_accuracy_known": balanced(known),
            "balanced_accuracy_new": balanced(kept & pool.is_new),
            "auroc": told_apart(against),
        }

    first_new = own_place == 0
    right = np.where(pool.is_new, first_new, ~first_new & (pool.ids[:, 0] == pool.truth))
    closed = _closed(pool)
    return {
        "queries": len(pool),
        "queries_new": int(pool.is_new.sum()),
        "new_individuals": len(set(pool.individual_ids[pool.is_new].tolist())),
        "map5": float(own.mean()),
        "map5_interval": mean(own)["interval"],
        "map5_known": mean(own, ~pool.is_new)["value"],
        "map5_known_closed": mean(closed, ~pool.is_new)["value"],
        "ranks": {str(k): mean(_within(pool, k).astype(float), ~pool.is_new) for k in (1, 5)},
        "balanced_accuracy_known": balanced(~pool.is_new),
        "balanced_accuracy_new": balanced(pool.is_new),
        "modes": {
            mode: mean(values)
            | {
                "known": mean(values, ~pool.is_new),
                "new": mean(values, pool.is_new),
                "share_new_first": float((place[mode] == 0).mean()),
            }
            for mode, values in reached.items()
        },
        "oracle": {
            name: mean(precision[rows, _oracle_places(pool, anywhere)])
            for name, anywhere in (("first_or_second", False), ("column", True))
        },
        "auroc": told_apart(np.ones(len(pool), bool)),
        "p_new": _calibration(pool, seed),
        "species": {
            name: group(pool.species == name, pool.species == name)
            for name in sorted(set(pool.species.tolist()) - {""})
        },
        "gallery_images": {
            name: group(kept, kept | pool.is_new)
            for name, (low, high) in GALLERY_IMAGES.items()
            if (kept := (pool.gallery_images >= low) & (pool.gallery_images <= high)).any()
        },
    }


def _places(pool: Pool, rank: Rank, mode: str, species: Mapping[str, str]) -> np.ndarray:
    """How many candidates stand before `new_individual` in each query, by a rule learned on the
    other parts."""
    wanted = rank.model_copy(update={"new": mode, "threshold": None})
    places = np.zeros(len(pool), int)
    for part in np.unique(pool.part):
        mine = pool.part == part
        others = ~mine
        rule = new_rule(pool.take(others), pool.standard[mine], STANDARD, wanted, species)
        best = [species.get(identity, "") for identity in pool.ids[mine, 0].tolist()]
        threshold = np.array([rule.threshold_for(kind) for kind in best])
        passed = pool.standard[mine] > threshold[:, None]
        places[mine] = passed[:, : ANSWERS if rule.anywhere else 1].sum(axis=1)
    return places


def _oracle_places(pool: Pool, anywhere: bool) -> np.ndarray:
    share = float(pool.is_new.mean()) if len(pool) else 0.0
    threshold = best_threshold(pool.ids, pool.standard, pool.truth, share, anywhere)
    return (pool.standard[:, : ANSWERS if anywhere else 1] > threshold).sum(axis=1)


def _calibration(pool: Pool, seed: int) -> dict:
    """P(new) of each part learned on the others, and one minus the cosine as it would be without.

    Empty if there are no new, or no known individuals to learn from.
    """
    p_new = np.full(len(pool), np.nan)
    for part in np.unique(pool.part):
        mine = pool.part == part
        p_new[mine] = _fit(pool.take(~mine))(pool.standard[mine], pool.score[mine])
    if not np.isfinite(p_new).all():
        return {}
    before = one_minus_cosine(pool.score)
    return {
        "calibrated": _fit(pool).calibrated,
        "error_before": expected_calibration_error(before, pool.is_new),
        "error_after": expected_calibration_error(p_new, pool.is_new),
        "brier_before": float(np.mean((before - pool.is_new) ** 2)),
        "brier_after": float(np.mean((p_new - pool.is_new) ** 2)),
        "auroc": _measure(pool, slice(None), lambda w: auroc(p_new, pool.is_new, w), seed),
        "curve_before": reliability(before, pool.is_new),
        "curve_after": reliability(p_new, pool.is_new),
    }


def _fit(pool: Pool) -> NewProbability:
    return fit_new_probability(pool.standard, pool.score, pool.is_new, pool.individual_ids)


def _closed(pool: Pool) -> np.ndarray:
    """Average precision@5 without `new_individual`."""
    right = pool.ids[:, :ANSWERS] == pool.truth[:, None]
    return np.where(right.any(axis=1), 1 / (right.argmax(axis=1) + 1), 0.0)


def _within(pool: Pool, k: int) -> np.ndarray:
    return (pool.ids[:, :k] == pool.truth[:, None]).any(axis=1)


def _measure(
    pool: Pool, rows: slice | np.ndarray, statistic: Callable[[np.ndarray], float], seed: int
) -> dict:
    """A statistic of some queries, from their weights, with its interval and their number."""
    who = pool.individual_ids[rows]
    value = statistic(np.ones(len(who))) if len(who) else float("nan")
    return {
        "value": value if np.isfinite(value) else None,
        "interval": interval(statistic, who, seed),
        "queries": len(who),
        "queries_new": int(pool.is_new[rows].sum()),
    }
