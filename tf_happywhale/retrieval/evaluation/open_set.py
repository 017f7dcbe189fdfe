"""The open set measured out of fold: what each way to place `new_individual` would have reached."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.left_out import with_enough_new
from tf_happywhale.retrieval.ensemble.standard_scores import Line
from tf_happywhale.retrieval.evaluation.pool import Pool
from tf_happywhale.retrieval.evaluation.pool_statistics import PoolStatistics, statistic_of
from tf_happywhale.retrieval.metrics import auroc
from tf_happywhale.retrieval.new_individual.lead import lead
from tf_happywhale.retrieval.new_individual.placing import lead_to_pass, placing_lead
from tf_happywhale.retrieval.new_individual.probability import (
    Features,
    Logistic,
    NewProbability,
    fit_logistic,
    fit_new_probability,
    one_minus_cosine,
    share_weights,
    worth,
)
from tf_happywhale.retrieval.new_individual.reliability import (
    expected_calibration_error,
    reliability,
)
from tf_happywhale.retrieval.new_individual.rule import FIRST_OR_SECOND
from tf_happywhale.retrieval.new_individual.thresholds import best_threshold, precision_by_place
from tf_happywhale.retrieval.ranking.ranking import new_rule
from tf_happywhale.retrieval.submission import ANSWERS

MODES = ("p_new", "first_or_second", "column", "target_share", "per_species")
STANDARD = Line(1.0, 0.0)  # the folds' scores are standardised already
UNUSED = NewProbability(Logistic(None))
ENOUGH_TO_JUDGE = 10  # new individuals; with fewer, known ones that are left out judge P(new) too
GALLERY_IMAGES = {"0": (0, 0), "1": (1, 1), "2-4": (2, 4), "5-9": (5, 9), "10+": (10, 10**9)}


def evaluate_pool(pool: Pool, rank: Rank, species: Mapping[str, str], seed: int) -> dict:
    """Return everything that `evaluate` says about the out-of-fold queries, with 95% intervals.

    Returns:
        Counts; `map5` and others by the config's own mode, and its threshold if one is given;
        `modes`, by what the other parts have taught, each with mAP@5 of all, known
        and new; `oracle`, the best that any threshold could have reached on these images;
        `auroc`; `p_new` with the calibration error before and after and the curves, and whether it
        places `new_individual`, or a threshold does; `species` and
        `gallery_images`, each group with its mAP@5, `rank1`, balanced accuracies and `auroc`, which
        for a number of gallery images is that of telling these known individuals from all new ones.
    """
    taught = with_enough_new(pool)
    who = taught.individual_ids
    counts = worth(taught.is_new, who, rank.new_share)
    new = fit_new_probability(taught.standard, taught.score, taught.is_new, who, counts)
    place = {mode: _places(pool, rank, mode, species) for mode in MODES[1:]}
    asked = taught.ids, taught.standard, taught.truth, who
    used = placing_lead(new, *asked, rank.new_share) is not None
    place["p_new"] = _places_by_lead(pool, rank) if used else place["first_or_second"]
    precision = precision_by_place(pool.ids, pool.truth, min(ANSWERS, pool.ids.shape[1]))
    rows = np.arange(len(pool))
    own_place = place[rank.new] if rank.threshold is None else _places_of_threshold(pool, rank)
    measured = PoolStatistics(pool, precision[rows, own_place], own_place == 0, seed)
    return _whole(measured) | {
        "modes": {
            mode: _mode(measured, precision[rows, place[mode]], place[mode]) for mode in MODES
        },
        "oracle": {
            name: measured.mean(precision[rows, _oracle_places(pool, anywhere)])
            for name, anywhere in (("first_or_second", False), ("column", True))
        },
        "auroc": measured.auroc(np.ones(len(pool), bool)),
        "p_new": _calibration(pool, new, used, rank.new_share, seed),
        "species": {
            name: measured.group(pool.species == name, pool.species == name)
            for name in sorted(set(pool.species.tolist()) - {""})
        },
        "gallery_images": {
            name: measured.group(kept, kept | pool.is_new)
            for name, (low, high) in GALLERY_IMAGES.items()
            if (kept := (pool.gallery_images >= low) & (pool.gallery_images <= high)).any()
        },
    }


def _whole(measured: PoolStatistics) -> dict:
    """Return what is said about all queries, by the config's own mode."""
    pool, own = measured.pool, measured.precision
    return {
        "queries": len(pool),
        "queries_new": int(pool.is_new.sum()),
        "new_individuals": len(set(pool.individual_ids[pool.is_new].tolist())),
        "map5": float(own.mean()),
        "map5_interval": measured.mean(own)["interval"],
        "map5_known": measured.mean(own, ~pool.is_new)["value"],
        "map5_known_closed": measured.mean(_closed(pool), ~pool.is_new)["value"],
        "ranks": {str(k): measured.rank(k, ~pool.is_new) for k in (1, 5)},
        "balanced_accuracy_known": measured.balanced_accuracy(~pool.is_new),
        "balanced_accuracy_new": measured.balanced_accuracy(pool.is_new),
    }


def _mode(measured: PoolStatistics, precision: np.ndarray, places: np.ndarray) -> dict:
    """Return mAP@5 of one way to place `new_individual`, over all, known and new queries."""
    return measured.mean(precision) | {
        "known": measured.mean(precision, ~measured.pool.is_new),
        "new": measured.mean(precision, measured.pool.is_new),
        "share_new_first": float((places == 0).mean()),
    }


def _places_of_threshold(pool: Pool, rank: Rank) -> np.ndarray:
    """Return how many candidates stand before `new_individual`, by the config's own threshold."""
    count = 1 if rank.new in FIRST_OR_SECOND else ANSWERS
    return (pool.score[:, :count] > rank.threshold).sum(axis=1)


def _places(pool: Pool, rank: Rank, mode: str, species: Mapping[str, str]) -> np.ndarray:
    """Return how many candidates stand before `new_individual` in each query, by a rule learned on
    the other parts."""
    wanted = rank.model_copy(update={"new": mode, "threshold": None})
    places = np.zeros(len(pool), int)
    for part in np.unique(pool.part):
        mine = pool.part == part
        seen = with_enough_new(pool.take(~mine))
        rule = new_rule(seen, pool.standard[mine], STANDARD, wanted, species, UNUSED)
        best = [species.get(identity, "") for identity in pool.ids[mine, 0].tolist()]
        scored = zip(pool.standard[mine], best, strict=True)
        threshold = np.array([rule.threshold_for(scores, kind) for scores, kind in scored])
        passed = pool.standard[mine] > threshold[:, None]
        places[mine] = passed[:, : ANSWERS if rule.anywhere else 1].sum(axis=1)
    return places


def _places_by_lead(pool: Pool, rank: Rank) -> np.ndarray:
    """Return how many candidates stand before `new_individual` in each query, by the lead that is
    best on the other parts."""
    places = np.zeros(len(pool), int)
    for part in np.unique(pool.part):
        mine = pool.part == part
        others = with_enough_new(pool.take(~mine))
        needed = lead_to_pass(others.ids, others.standard, others.truth, rank.new_share)
        places[mine] = lead(pool.standard[mine]) > needed
    return places


def _oracle_places(pool: Pool, anywhere: bool) -> np.ndarray:
    share = float(pool.is_new.mean()) if len(pool) else 0.0
    threshold = best_threshold(pool.ids, pool.standard, pool.truth, share, anywhere)
    return (pool.standard[:, : ANSWERS if anywhere else 1] > threshold).sum(axis=1)


def _calibration(pool: Pool, new: NewProbability, used: bool, new_share: float, seed: int) -> dict:
    """Measure P(new) of each part, learned on the others, and one minus the cosine, to compare.
    Where calibration is left out, P(new) is one minus the cosine. The queries count so that
    `new_share` of them are new.

    Empty if there are no known individuals to learn from.
    """
    judged = with_enough_new(pool, ENOUGH_TO_JUDGE)
    is_new, before = judged.is_new, one_minus_cosine(judged.score)
    if new.regression.weights is None:
        return {}
    p_new = before
    if new.calibrated:
        p_new = _by_parts(judged, pool, new.regression.features, new_share)
    if not np.isfinite(p_new).all():
        return {}
    counts, both = share_weights(is_new, new_share), {"before": before, "after": p_new}
    return {
        "calibrated": new.calibrated,
        "places": used,
        "left_out": len(judged) - len(pool),
        **{
            f"error_{when}": expected_calibration_error(value, is_new, weights=counts)
            for when, value in both.items()
        },
        **{
            f"brier_{when}": float(np.average((value - is_new) ** 2, weights=counts))
            for when, value in both.items()
        },
        "auroc": statistic_of(judged, slice(None), lambda w: auroc(p_new, is_new, w), seed),
        **{
            f"curve_{when}": reliability(value, is_new, weights=counts)
            for when, value in both.items()
        },
    }


def _by_parts(judged: Pool, pool: Pool, features: Features, new_share: float) -> np.ndarray:
    """Return P(new) of each part of some queries by a regression on the pool's other parts, float64
    [n]."""
    p_new = np.full(len(judged), np.nan)
    for part in np.unique(judged.part):
        mine, others = judged.part == part, with_enough_new(pool.take(pool.part != part))
        counts = worth(others.is_new, others.individual_ids, new_share)
        learned = fit_logistic(others.standard, others.is_new, counts, features)
        p_new[mine] = learned(judged.standard[mine])
    return p_new


def _closed(pool: Pool) -> np.ndarray:
    """Return the average precision@5 without `new_individual`."""
    right = pool.ids[:, :ANSWERS] == pool.truth[:, None]
    return np.where(right.any(axis=1), 1 / (right.argmax(axis=1) + 1), 0.0)
