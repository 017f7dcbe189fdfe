"""A fold judged by retrieval: its images as queries, the other folds' as gallery."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL, with_new
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.metrics import mean_average_precision, rank_share
from tf_happywhale.retrieval.new_individual.rule import insert_new
from tf_happywhale.retrieval.new_individual.thresholds import best_threshold
from tf_happywhale.retrieval.search.candidates import Candidates, rank_individuals
from tf_happywhale.retrieval.submission import ANSWERS


def validate(gallery: Embeddings, queries: Embeddings, new_share: float) -> dict:
    """Rank the fold's queries and measure.

    Returns:
        `queries_known`, `queries_new` (counts), `map5_known` and `rank1_known` (known individuals'
        queries, without new_individual; None if there are none), `threshold` (best for `new_share`
        on these queries) and `map5_oracle` (all of them, new_individual placed by that threshold:
        more than a threshold learned elsewhere reaches).

    Raises:
        ValueError: an image is both in gallery and queries.
    """
    both = set(gallery.image) & set(queries.image)
    if both:
        raise ValueError(f"{min(both)} is both in the gallery and a query")
    candidates = rank_individuals(queries.stack(), gallery.stack(), gallery.individuals, ANSWERS)
    truth = with_new(queries.individual_id, gallery.individual_id)
    return measure(candidates, truth, new_share)


def measure(candidates: Candidates, truth: Sequence[str], new_share: float) -> dict:
    """Return what `validate` returns, from a fold's candidates and its truth."""
    threshold = best_threshold(candidates.individual_id, candidates.score, truth, new_share)
    known = np.array([answer != NEW_INDIVIDUAL for answer in truth], dtype=bool)
    closed = [list(row) for row in candidates.individual_id[known]]
    answers = [answer for answer, is_known in zip(truth, known, strict=True) if is_known]
    ranked = [
        insert_new(ids, scores, threshold)
        for ids, scores in zip(candidates.individual_id, candidates.score, strict=True)
    ]
    return {
        "queries_known": int(known.sum()),
        "queries_new": int((~known).sum()),
        "map5_known": mean_average_precision(closed, answers) if answers else None,
        "rank1_known": rank_share(closed, answers, 1) if answers else None,
        "threshold": threshold,
        "map5_oracle": mean_average_precision(ranked, truth) if truth else None,
    }


def judge(ranked: dict[str, list[str]], answers: dict[str, str]) -> dict:
    """Return mAP@5 and rank-1 of predictions against answers (individual_id or `new_individual`).

    Args:
        ranked: ids, best first, by image name.
        answers: the truth by image name; images that were not asked about are left out, and a
            missing prediction counts as wrong.

    Returns:
        `queries`, `queries_new`, `map5` and `rank1` over all, `map5_known` and `map5_new`; None
        where there are no such queries.
    """
    groups = {"": list(answers)}
    groups["_known"] = [image for image in answers if answers[image] != NEW_INDIVIDUAL]
    groups["_new"] = [image for image in answers if answers[image] == NEW_INDIVIDUAL]
    metrics: dict = {"queries": len(answers), "queries_new": len(groups["_new"])}
    for name, images in groups.items():
        ids = [ranked.get(image, []) for image in images]
        truth = [answers[image] for image in images]
        metrics[f"map5{name}"] = mean_average_precision(ids, truth) if truth else None
        if not name:
            metrics["rank1"] = rank_share(ids, truth, 1) if truth else None
    return metrics
