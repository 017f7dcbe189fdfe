"""Estimates against published ones, and against the likelihood itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tf_happywhale.sightings.closed_model import (
    Abundance,
    chapman,
    closed_estimate,
    estimate_m0,
    estimate_mt,
)

# Snowshoe hares of Burnham and Cushwa, in Cormack (1989): seen on each of six days, and in all. The
# estimates are those that the R package Rcapture gives and documents (Baillargeon and Rivest 2007,
# Journal of Statistical Software 19(5)).
HARES = [16, 28, 20, 26, 23, 32]
# Cottontail rabbits of Edwards and Eberhardt (1967), an example that comes with MARK: 76 of 135
# known rabbits were caught on 18 days.
RABBITS = [9, 8, 9, 14, 8, 5, 18, 11, 4, 3, 16, 5, 2, 7, 9, 0, 4, 10]


def rounded(found: Abundance) -> tuple[float, float]:
    return round(found.estimate, 1), round(found.error, 1)


def test_snowshoe_hares_as_published() -> None:
    assert rounded(estimate_m0(HARES, 68)) == (75.4, 3.5)
    assert rounded(estimate_mt(HARES, 68)) == (75.1, 3.4)


def test_two_samples_of_seber_as_published() -> None:
    # Seber (1982, p. 107): 167 seen twice, 781 only first, 254 only then; values of Rcapture.
    assert rounded(estimate_m0([948, 421], 1202)) == (2805.6, 164.1)
    assert rounded(estimate_mt([948, 421], 1202)) == (2389.9, 130.4)
    assert rounded(chapman(948, 421, 167)) == (2382.8, 129.1)


def test_with_two_occasions_mt_is_the_estimate_of_petersen() -> None:
    assert estimate_mt([50, 40], 80).estimate == pytest.approx(50 * 40 / 10)


@pytest.mark.parametrize(("counts", "individuals"), [(HARES, 68), (RABBITS, 76), ([30, 20], 41)])
def test_no_other_number_is_likelier(counts: list[int], individuals: int) -> None:
    """The conditional likelihood, maximised over the probabilities by brute force."""

    def likelihood(number: float) -> float:
        p = np.array(counts) / number
        seen = 1 - np.prod(1 - p)
        logs = np.where(np.array(counts) > 0, np.array(counts) * np.log(np.maximum(p, 1e-300)), 0)
        missed = (individuals - np.array(counts)) * np.log1p(-p)
        return float(logs.sum() + missed.sum() - individuals * math.log(seen))

    best = estimate_mt(counts, individuals).estimate
    for other in (best * 0.97, best * 1.03):
        if other > individuals:
            assert likelihood(best) > likelihood(other)


def test_the_interval_is_that_of_mark() -> None:
    found = estimate_m0(HARES, 68)
    unseen = found.estimate - 68
    c = math.exp(1.959964 * math.sqrt(math.log(1 + found.error**2 / unseen**2)))
    assert found.low == pytest.approx(68 + unseen / c)
    assert found.high == pytest.approx(68 + unseen * c)
    assert 68 < found.low < found.estimate < found.high


@pytest.mark.parametrize(
    ("counts", "individuals"), [([5, 4, 3], 12), ([7], 7), ([0, 0], 0), ([5, 0, 0], 5)]
)
def test_without_a_second_sighting_there_is_no_estimate(counts, individuals) -> None:
    assert estimate_mt(counts, individuals) is None
    assert closed_estimate(counts, individuals) is None


def test_if_all_are_seen_on_one_occasion_these_are_all() -> None:
    found = estimate_mt([10, 4], 10)
    assert (found.estimate, found.low, found.high) == (10, 10, 10)


def test_the_interval_holds_the_truth() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        seen = rng.random((100, 6)) < 0.2
        counts, individuals = seen.sum(axis=0).tolist(), int(seen.any(axis=1).sum())
        found = estimate_m0(counts, individuals)
        hits += found.low <= 100 <= found.high
    assert hits >= 180  # 190 are expected; fewer than 180 come once in a thousand times
