"""How likely each candidate of a query is right, not the best one alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL

SPREAD = 3.0  # of a number, before anything is known of it: a normal prior around 0
STEPS, ENOUGH = 50, 1e-9  # Newton's, which takes about ten
HALVINGS = 30
NOBODY = -1e4  # the logarithm of no probability


@dataclass(frozen=True)
class Rated:
    """An individual, or `new_individual`.

    Attributes:
        individual_id: who.
        rating: the probability that it is right.
        image: the reference image that is most like the photographs; empty of `new_individual`.
        calibrated: whether the rating was learned; otherwise all individuals are alike.
    """

    individual_id: str
    rating: float
    image: str = ""
    calibrated: bool = True

    @property
    def is_new(self) -> bool:
        """Whether it stands for an animal that is none of the individuals."""
        return self.individual_id == NEW_INDIVIDUAL


@dataclass(frozen=True)
class Shares:
    """How the candidates of a known animal share the probability: a conditional logit
    (McFadden 1974). Candidate k has exp(slope·s_k), and all individuals behind the last one have
    exp(slope·s_last + rest) together, where s are standardised scores.

    Attributes:
        slope: 0 or more, so that shares fall with the rank.
        rest: see above; `NOBODY` if all individuals are candidates.
    """

    slope: float
    rest: float

    def __call__(self, standard: np.ndarray) -> np.ndarray:
        """Return the shares float64 [n, k + 1], the last one that of all others together.

        Args:
            standard: candidates' standardised scores [n, k], best first; −inf where there is none.
        """
        return _shares(*_features(standard), np.array([self.slope, self.rest]))


def equal_shares(candidates: int, individuals: int) -> Shares:
    """Return shares by which all individuals are alike, where so many of them are candidates."""
    more = individuals - candidates
    return Shares(0.0, float(np.log(more)) if more > 0 else NOBODY)


def fit_shares(standard: np.ndarray, place: np.ndarray, weights: np.ndarray) -> Shares | None:
    """Learn shares from queries of known animals; None without any.

    The log posterior is concave, so that there is one best pair of numbers, and Newton's method
    with halved steps finds it.

    Args:
        standard: candidates' standardised scores [n, k], best first; −inf where there is none.
        place: int [n], the right candidate's; k if it is none of them.
        weights: how many observations each query is worth [n].
    """
    if not len(standard):
        return None
    given, there = _features(standard)
    found, rows = np.zeros(2), np.arange(len(given))
    right = given[rows, place]

    def posterior(at: np.ndarray) -> float:
        chance = _shares(given, there, at)[rows, place]
        return float(weights @ np.log(np.maximum(chance, 1e-300)) - at @ at / (2 * SPREAD**2))

    now = posterior(found)
    for _ in range(STEPS):
        step = _newton(_shares(given, there, found), given, right, weights, found)
        for _ in range(HALVINGS):
            if posterior(found + step) >= now:
                break
            step = step / 2
        found, before, now = found + step, now, posterior(found + step)
        if now - before < ENOUGH:
            break
    return Shares(max(float(found[0]), 0.0), float(found[1]))


def ratings(p_right: np.ndarray, p_new: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the probability float64 [n, k] that each candidate is right.

    The best one has `p_right`. What that and `p_new` leave is shared by the others. Nobody has more
    than the candidate before.

    Args:
        p_right: that the best candidate is right [n]; NaN: unknown, as all ratings are then.
        p_new: that it is none of the individuals [n]; NaN: unknown, and taken as 0.
        shares: of a known animal, see `Shares` [n, k + 1].
    """
    left = np.clip(1 - p_right - np.nan_to_num(p_new), 0, 1)[:, None]
    behind = np.maximum(1 - shares[:, :1], 1e-12)
    found = np.concatenate([p_right[:, None], left * shares[:, 1:-1] / behind], axis=1)
    return np.clip(np.minimum.accumulate(found, axis=1), 0, 1)


def _newton(
    share: np.ndarray, given: np.ndarray, right: np.ndarray, weights: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Return Newton's step [2] from `at`, where the alternatives have these shares [n, k + 1]."""
    mean = (share[:, :, None] * given).sum(axis=1)
    slope = weights @ (right - mean) - at / SPREAD**2
    off = given - mean[:, None]
    curve = np.einsum("n,nk,nki,nkj->ij", weights, share, off, off) + np.eye(2) / SPREAD**2
    return np.linalg.solve(curve, slope)


def _features(standard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers [n, k + 1, 2] that slope and rest are multiplied with, and which of the
    alternatives are there, bool [n, k + 1]."""
    some = np.isfinite(standard)
    score = np.where(some, standard, 0.0)
    last = np.where(some, standard, np.inf).min(axis=1, initial=np.inf)
    last = np.where(np.isfinite(last), last, 0.0)
    given = np.zeros((len(standard), standard.shape[1] + 1, 2))
    given[:, :-1, 0], given[:, -1, 0], given[:, -1, 1] = score, last, 1.0
    return given, np.concatenate([some, np.ones((len(some), 1), bool)], axis=1)


def _shares(given: np.ndarray, there: np.ndarray, at: np.ndarray) -> np.ndarray:
    value = np.where(there, given @ at, -np.inf)
    value = np.exp(value - value.max(axis=1, keepdims=True))
    return value / value.sum(axis=1, keepdims=True)
