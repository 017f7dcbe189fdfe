"""How likely a query shows a new individual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.ensemble.standard_scores import ROUNDING
from tf_happywhale.retrieval.new_individual.features import (
    Features,
    best_and_gap,
    features_of,
    leads,
    with_cosine,
)

FEWEST = 5  # individuals asked as new ones; fewer cannot even show whether calibration helps
ENOUGH = 100  # individuals asked as new ones teach so few numbers better than a cosine alone does
PARTS = 5  # of the individuals; a regression is tried on one part after learning from the others


@dataclass(frozen=True)
class Logistic:
    """A logistic regression on what candidates' scores give, see `features.py`.

    Attributes:
        weights: one to three, which tells the features; None if nothing could be learned, so that
            the result is NaN.
        intercept: added to them.
    """

    weights: np.ndarray | None
    intercept: float = 0.0

    def __call__(self, scores: np.ndarray, beside: np.ndarray | None = None) -> np.ndarray:
        """Return probabilities float64 [n] of queries with candidates' scores [n, k], best
        first; NaN where there is no feature.

        Args:
            scores: these.
            beside: the queries' best cosines [n], if it learned from them.
        """
        if self.weights is None or not len(scores):
            return np.full(len(scores), np.nan)
        given = self.features(scores, beside)
        return 1 / (1 + np.exp(-(given @ self.weights + self.intercept)))

    @property
    def features(self) -> Features:
        """What it learned from."""
        return features_of(2 if self.weights is None else len(self.weights))

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

    def __call__(
        self, standard: np.ndarray, cosine: np.ndarray, beside: np.ndarray | None = None
    ) -> np.ndarray:
        """Return P(new) float64 [n] of queries whose candidates have these standardised scores and
        these scores as they are [n, k], best first; `beside` is that of `Logistic`."""
        if self.calibrated or self.regression.weights is None:
            return self.regression(standard, beside)
        return one_minus_cosine(cosine)

    @property
    def learned(self) -> bool:
        """Whether P(new) is a regression."""
        return self.calibrated and self.regression.weights is not None


def one_minus_cosine(cosine: np.ndarray) -> np.ndarray:
    """Return P(new) float64 [n] without calibration, from candidates' scores [n, k]."""
    return np.clip(1 - cosine[:, 0].astype(np.float64), 0, 1)


def fit_logistic(
    scores: np.ndarray,
    positive: np.ndarray,
    weights: np.ndarray | None = None,
    features: Features | None = None,
    beside: np.ndarray | None = None,
) -> Logistic:
    """Learn a probability from out-of-fold queries (Platt 1999). Those without a feature do not
    count.

    It begins with one probability for all, and departs from it as far as the queries say so: a
    standard deviation of a feature is expected to change the log-odds by about 1 (the normal prior
    of the regression). Without this a few queries promise too much.

    Args:
        scores: candidates' scores [n, k], best first.
        positive: what is to be predicted of each query, such as that its individual is new [n].
        weights: how many observations each query is worth [n], see `worth`; None: one.
        features: what is learned from; None: `best_and_gap`.
        beside: the queries' best cosines [n], where the scores are none themselves.
    """
    given, positive = (features or best_and_gap)(scores, beside), np.asarray(positive, bool)
    some = np.isfinite(given).all(axis=1)
    if len(set(positive[some].tolist())) < 2:
        return Logistic(None)
    from sklearn.linear_model import LogisticRegression

    given, own = given[some], None if weights is None else weights[some]
    middle, spread = given.mean(axis=0), given.std(axis=0)
    spread[spread <= ROUNDING * np.abs(middle)] = 1.0
    model = LogisticRegression(C=1.0)
    model.fit((given - middle) / spread, positive[some].astype(int), sample_weight=own)
    slopes = model.coef_[0] / spread
    return Logistic(slopes, float(model.intercept_[0] - slopes @ middle))


def fit_new_probability(
    standard: np.ndarray,
    cosine: np.ndarray,
    is_new: np.ndarray,
    individual_ids: np.ndarray,
    weights: np.ndarray | None = None,
    beside: np.ndarray | None = None,
) -> NewProbability:
    """Learn P(new) from out-of-fold queries, and leave the calibration out if it does not help.

    Images of one individual resemble each other, so a few new individuals teach little, however
    many images they have. Therefore regressions are tried: the individuals are cut into parts, and
    each part is predicted by a regression on the others. Of the kinds, the lead alone, the best
    score with its gap to the second, and these two with the best cosine where scores are no
    cosines, the one with the lowest log loss is taken. If fewer individuals than `ENOUGH` are asked
    as new ones, it is used only if it also has a lower log loss than one minus the cosine; of fewer
    than `FEWEST` it is not used.

    Args:
        standard: candidates' standardised scores [n, k], best first.
        cosine: their scores as they are [n, k].
        is_new: whether the query's individual is new [n].
        individual_ids: the individual in each query, str [n].
        weights, beside: see `fit_logistic`.
    """
    if len(set(np.asarray(is_new, bool).tolist())) < 2:
        return NewProbability(Logistic(None))
    chosen, loss = best_and_gap, np.inf
    kinds = (leads, best_and_gap) if beside is None else (leads, best_and_gap, with_cosine)
    for features in kinds:
        tried = predict_by_parts(standard, is_new, individual_ids, weights, features, beside)
        if np.isnan(tried).any():  # all new, or all known ones are in one part, or nobody leads
            continue
        if (found := _log_loss(tried, is_new, weights)) < loss:
            chosen, loss = features, found
    regression = fit_logistic(standard, is_new, weights, chosen, beside)
    new = len(set(individual_ids[is_new].tolist()))
    if regression.weights is None or new >= ENOUGH:
        return NewProbability(regression)
    before = _log_loss(one_minus_cosine(cosine), is_new, weights)
    return NewProbability(regression, calibrated=new >= FEWEST and loss < before)


def share_weights(is_new: np.ndarray, new_share: float) -> np.ndarray:
    """Return weights [n] with mean 1, by which `new_share` of the queries are new; all 1 if only
    one kind is there."""
    share = is_new.mean() if len(is_new) else 0.0
    if not 0 < share < 1:
        return np.ones(len(is_new))
    return np.where(is_new, new_share / share, (1 - new_share) / (1 - share))


def worth(is_new: np.ndarray, individual_ids: np.ndarray, new_share: float) -> np.ndarray:
    """Return how many observations each query is worth [n]: as many together as there are
    individuals, since the images of one are alike, and `new_share` of them new."""
    individuals = len(set(np.asarray(individual_ids).tolist()))
    return share_weights(is_new, new_share) * (individuals / max(len(is_new), 1))


def predict_by_parts(
    scores: np.ndarray,
    positive: np.ndarray,
    individual_ids: np.ndarray,
    weights: np.ndarray | None = None,
    features: Features | None = None,
    beside: np.ndarray | None = None,
) -> np.ndarray:
    """Return probabilities float64 [n], each by a regression on the other parts of the
    individuals; NaN where nothing could be learned. The arguments are those of `fit_logistic`."""
    tried, part = np.full(len(positive), np.nan), parts_of(individual_ids)
    for number in range(PARTS):
        mine = part == number
        counts, theirs, own = (
            (None if values is None else values[rows])
            for values, rows in ((weights, ~mine), (beside, ~mine), (beside, mine))
        )
        learned = fit_logistic(scores[~mine], positive[~mine], counts, features, theirs)
        tried[mine] = learned(scores[mine], own)
    return tried


def parts_of(individual_ids: np.ndarray) -> np.ndarray:
    """Return the part of each image, int64 [n]; all images of an individual are in one."""
    return np.unique(individual_ids, return_inverse=True)[1] % PARTS


def _log_loss(
    probability: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None
) -> float:
    right = np.where(positive, probability, 1 - probability)
    return float(np.average(-np.log(np.clip(right, 1e-6, 1)), weights=weights))
