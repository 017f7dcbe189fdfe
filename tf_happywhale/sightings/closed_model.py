"""A first look at abundance: the simplest models of a closed population.

Closed: nobody is born, dies, comes or leaves between the first and the last occasion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NORMAL = 1.959964  # of a 95% interval


@dataclass(frozen=True)
class Abundance:
    """An estimate of how many individuals there are.

    Attributes:
        model: Chapman, M0 or Mt.
        individuals: how many were seen.
        estimate, error: of the number of individuals, and its standard error.
        low, high: 95% interval.
    """

    model: str
    individuals: int
    estimate: float
    error: float
    low: float
    high: float


def chapman(first: int, second: int, both: int) -> Abundance:
    """Return Chapman's estimate of two occasions (Chapman 1951), with Seber's variance (1970).

    Args:
        first, second: individuals seen on the first and on the second occasion.
        both: those that were seen on both.
    """
    estimate = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both)
    variance /= (both + 1) ** 2 * (both + 2)
    return _abundance("Chapman", first + second - both, estimate, variance)


def estimate_m0(per_occasion: Sequence[int], individuals: int) -> Abundance | None:
    """Return the estimate of M0: every individual is seen with one probability on all occasions.

    Args:
        per_occasion: how many individuals were seen on each occasion.
        individuals: how many were seen at all.

    Returns:
        None if nobody was seen twice, or there is one occasion: then every number is possible.
    """
    mean = sum(per_occasion) / len(per_occasion)
    return _closed("M0", [mean] * len(per_occasion), individuals)


def estimate_mt(per_occasion: Sequence[int], individuals: int) -> Abundance | None:
    """Return the estimate of Mt: the probability differs between occasions; see `estimate_m0`."""
    return _closed("Mt", list(per_occasion), individuals)


def closed_estimate(per_occasion: Sequence[float], individuals: float) -> float | None:
    """Return N, the solution of 1 - n/N = Π(1 - nⱼ/N); None if there is none.

    It is the conditional maximum of the likelihood of Mt, and of M0 with equal nⱼ (Darroch 1958;
    Otis, Burnham, White and Anderson 1978, Wildlife Monographs 62, appendices B and C; conditional
    as in Huggins' model without covariates).

    Args:
        per_occasion: nⱼ, individuals seen on each occasion, or expected to be.
        individuals: n, seen at all.
    """
    if len(per_occasion) < 2 or sum(per_occasion) <= individuals or individuals <= 0:
        return None

    def too_few(number: float) -> bool:
        missed = math.prod(1 - seen / number for seen in per_occasion)
        return number * (1 - missed) < individuals

    low, high = float(individuals), 2.0 * individuals
    if not too_few(low):
        return low
    while too_few(high):
        low, high = high, 2 * high
        if high > 1e12:
            return None
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if too_few(middle) else (low, middle)
    return high


def _closed(model: str, per_occasion: list[float], individuals: int) -> Abundance | None:
    """Return an estimate with the variance of Otis et al. (1978):
    N / (1/Π(1 - pⱼ) + t - 1 - Σ 1/(1 - pⱼ))."""
    number = closed_estimate(per_occasion, individuals)
    if number is None:
        return None
    missed = [1 - seen / number for seen in per_occasion]
    if min(missed) <= 0:  # everybody was seen on one occasion
        return _abundance(model, individuals, number, 0.0)
    information = 1 / math.prod(missed) + len(missed) - 1 - sum(1 / one for one in missed)
    return _abundance(model, individuals, number, number / information)


def _abundance(model: str, individuals: int, estimate: float, variance: float) -> Abundance:
    """Return an estimate with the interval that has the logarithm of the unseen as normal.

    Of f individuals that were not seen, with variance v, it is n + f/C to n + f·C, where
    C = exp(1.96 √log(1 + v/f²)) (Burnham, Anderson, White, Brownie and Pollock 1987, p. 212; Chao
    1989, Biometrics 45:427-438; as in MARK). So it never begins below what was seen.
    """
    unseen = estimate - individuals
    low = high = estimate
    if unseen > 1e-9:
        spread = math.exp(NORMAL * math.sqrt(math.log1p(variance / unseen**2)))
        low, high = individuals + unseen / spread, individuals + unseen * spread
    return Abundance(model, individuals, estimate, math.sqrt(variance), low, high)
