"""Whether P(new) places `new_individual` better than a threshold of the best score does."""

from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.new_individual.lead import lead
from tf_happywhale.retrieval.new_individual.probability import (
    PARTS,
    NewProbability,
    parts_of,
)
from tf_happywhale.retrieval.new_individual.thresholds import (
    best_threshold,
    precision_by_place,
    weights_of,
)


def lead_to_pass(ids: np.ndarray, scores: np.ndarray, truth: np.ndarray, new_share: float) -> float:
    """Return the lead that the best candidate needs to come before `new_individual`, by the best
    weighted mAP@5. P(new) falls with the lead, so this is also the best threshold of P(new).

    The arguments are those of `best_threshold`.
    """
    return best_threshold(ids, lead(scores)[:, None], truth, new_share)


def placing_lead(
    new: NewProbability,
    ids: np.ndarray,
    scores: np.ndarray,
    truth: np.ndarray,
    individual_ids: np.ndarray,
    new_share: float,
) -> float | None:
    """Return `lead_to_pass` if P(new) places `new_individual`; None if a threshold of the best
    score does, as on catalogues with few new individuals.

    It does if it rests on the lead alone, and is at least as good by weighted mAP@5 on individuals
    that neither of the two has learned from.

    Args:
        new: P(new), learned from these queries.
        individual_ids: the individual in each query, str [n]. The other arguments are those of
            `best_threshold`.
    """
    if not new.learned or len(new.regression.weights) > 1 or new.regression.weights[0] >= 0:
        return None
    if not np.isfinite(lead(scores)).all():
        return None
    part = parts_of(individual_ids)
    precision = precision_by_place(ids, truth, 1) * weights_of(truth, new_share)[:, None]
    gained = 0.0
    for number in range(PARTS):
        mine, others = part == number, part != number
        learn = ids[others], truth[others], new_share
        for sign, values in ((1, lead(scores)[:, None]), (-1, scores[:, :1])):
            limit = best_threshold(learn[0], values[others], *learn[1:])
            place = (values[mine, 0] > limit).astype(int)
            gained += sign * float(precision[mine][np.arange(len(place)), place].sum())
    return lead_to_pass(ids, scores, truth, new_share) if gained > -1e-9 else None
