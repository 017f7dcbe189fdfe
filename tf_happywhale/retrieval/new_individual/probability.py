"""How likely a query shows a new individual, and how far that can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BINS = 10
ENOUGH = 100  # new individuals teach three numbers well; there is no need to try
PARTS = 5  # of the individuals; a regression is tried on one part after learning from the others


@dataclass(frozen=True)
class Logistic:
    """A logistic regression on a query's best score, and on how far the second lies below it.

    Attributes:
        weights: of the two [2]; None if nothing could be learned, so that the result is NaN.
        intercept: added to them.
    """

    weights: np.ndarray | None
    intercept: float = 0.0

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Return probabilities float64 [n] of queries with candidates' scores [n, k], best
        first."""
        if self.weights is None or not len(scores):
            return np.full(len(scores), np.nan)
        return 1 / (1 + np.exp(-(_features(scores) @ self.weights + self.intercept)))

    def numbers(self) -> tuple[float, ...] | None:
        """Return the weights as a file keeps them; None if nothing could be learned."""
        return None if self.weights is None else tuple(self.weights.tolist())


@dataclass(frozen=True)
class NewProbability:
    """P(new) of a query.

    Attributes:
        regression: by standardised scores; it knows nothing if no new, or no known individuals were
            there to learn from, and then P(new) is NaN.
        calibrated: whether P(new) is that regression; otherwise it is one minus the cosine.
    """

    regression: Logistic
    calibrated: bool = True

    def __call__(self, standard: np.ndarray, cosine: np.ndarray) -> np.ndarray:
        """Return P(new) float64 [n] of queries whose candidates have these standardised scores and
        these scores as they are [n, k], best first."""
        if self.calibrated or self.regression.weights is None:
            return self.regression(standard)
        return one_minus_cosine(cosine)


def one_minus_cosine(cosine: np.ndarray) -> np.ndarray:
    """Return P(new) float64 [n] without calibration, from candidates' scores [n, k]."""
    return np.clip(1 - cosine[:, 0].astype(np.float64), 0, 1)


def fit_logistic(
    scores: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None
) -> Logistic:
    """Learn a probability from out-of-fold queries (Platt 1999).

    Args:
        scores: candidates' scores [n, k], best first.
        positive: what is to be predicted of each query, such as that its individual is new [n].
        weights: of the queries [n], with mean 1; None: all are equal.
    """
    if len(set(np.asarray(positive, bool).tolist())) < 2:
        return Logistic(None)
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100.0)
    model.fit(_features(scores), np.asarray(positive, int), sample_weight=weights)
    return Logistic(model.coef_[0], float(model.intercept_[0]))


def fit_new_probability(
    standard: np.ndarray,
    cosine: np.ndarray,
    is_new: np.ndarray,
    individual_ids: np.ndarray,
    weights: np.ndarray | None = None,
) -> NewProbability:
    """Learn P(new) from out-of-fold queries, and leave the calibration out if it does not help.

    Images of one individual resemble each other, so a few new individuals teach little, however
    many images they have. If there are fewer than `ENOUGH`, the regression is tried: the
    individuals are cut into parts, and each part is predicted by a regression on the others. Only
    if these predictions have a lower log loss than one minus the cosine is it used.

    Args:
        standard: candidates' standardised scores [n, k], best first.
        cosine: their scores as they are [n, k].
        is_new: whether the query's individual is new [n].
        individual_ids: the individual in each query, str [n].
        weights: see `fit_logistic`.
    """
    regression = fit_logistic(standard, is_new, weights)
    if regression.weights is None or len(set(individual_ids[is_new].tolist())) >= ENOUGH:
        return NewProbability(regression)
    tried = predict_by_parts(standard, is_new, individual_ids, weights)
    if np.isnan(tried).any():  # all new, or all known individuals are in one part
        return NewProbability(regression, calibrated=False)
    before = _log_loss(one_minus_cosine(cosine), is_new, weights)
    return NewProbability(regression, calibrated=_log_loss(tried, is_new, weights) < before)


def predict_by_parts(
    scores: np.ndarray,
    positive: np.ndarray,
    individual_ids: np.ndarray,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Return probabilities float64 [n], each by a regression on the other parts of the individuals;
    NaN where nothing could be learned. The arguments are those of `fit_logistic`."""
    tried, part = np.full(len(positive), np.nan), parts_of(individual_ids)
    for number in range(PARTS):
        mine = part == number
        own = None if weights is None else weights[~mine]
        tried[mine] = fit_logistic(scores[~mine], positive[~mine], own)(scores[mine])
    return tried


def parts_of(individual_ids: np.ndarray) -> np.ndarray:
    """Return the part of each image, int64 [n]; all images of an individual are in one."""
    return np.unique(individual_ids, return_inverse=True)[1] % PARTS


def _log_loss(
    probability: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None
) -> float:
    right = np.where(positive, probability, 1 - probability)
    return float(np.average(-np.log(np.clip(right, 1e-6, 1)), weights=weights))


def reliability(
    p_new: np.ndarray, is_new: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None
) -> list[dict]:
    """Return the reliability curve: queries sorted by P(new) into bins of equal width.

    Args:
        p_new: [n].
        is_new: bool [n].
        bins: their number.
        weights: of the queries [n]; None: all are equal.

    Returns:
        For each bin that holds queries: `queries`, their mean `p_new`, the `share_new` that is, and
        the bin's `weight`, the sum of which is 1.
    """
    weights = np.ones(len(p_new)) if weights is None else weights
    place = np.clip((np.asarray(p_new) * bins).astype(int), 0, bins - 1)
    curve = []
    for number in range(bins):
        rows = place == number
        if rows.any():
            curve.append(
                {
                    "queries": int(rows.sum()),
                    "p_new": float(np.average(p_new[rows], weights=weights[rows])),
                    "share_new": float(np.average(is_new[rows], weights=weights[rows])),
                    "weight": float(weights[rows].sum() / weights.sum()),
                }
            )
    return curve


def expected_calibration_error(
    p_new: np.ndarray, is_new: np.ndarray, bins: int = BINS, weights: np.ndarray | None = None
) -> float:
    """Return the mean distance between promised and true share over the bins, weighted by their
    queries (Naeini et al. 2015); 0 without queries. The arguments are those of `reliability`."""
    curve = reliability(p_new, is_new, bins, weights)
    gaps = [part["weight"] * abs(part["p_new"] - part["share_new"]) for part in curve]
    return float(sum(gaps))


def _features(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores, float)
    best = np.where(np.isfinite(scores[:, 0]), scores[:, 0], -1.0)
    second = np.minimum(scores[:, 1] if scores.shape[1] > 1 else best, best)  # see lowest_so_far
    return np.stack([best, best - np.where(np.isfinite(second), second, best)], axis=1)
