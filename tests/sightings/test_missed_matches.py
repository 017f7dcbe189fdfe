from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.sightings.closed_model import closed_estimate
from tf_happywhale.sightings.missed_matches import (
    MissedShare,
    bias_lines,
    seen_without_misses,
    too_large_by,
)


def drawn(rng, animals: int, p: float, occasions: int, missed: float) -> tuple[list[int], int]:
    """Individuals per occasion, and those that seem to be there: each sighting of an animal after
    its first gets an id of its own with probability `missed`."""
    seen = rng.random((animals, occasions)) < p
    counts = seen.sum(axis=1)
    ghosts = rng.binomial(np.maximum(counts - 1, 0), missed).sum()
    return seen.sum(axis=0).tolist(), int((counts > 0).sum() + ghosts)


def test_two_occasions_are_too_large_by_the_share_of_matches_that_is_made() -> None:
    # 100 and 80 seen, 40 of them twice; a tenth of the matches missed leaves 36.
    assert too_large_by([100, 80], 144, 0.1) == pytest.approx(1 / 0.9)


def test_what_seems_to_be_there_is_taken_back() -> None:
    assert seen_without_misses(144, 180, 0.1) == pytest.approx(140)
    assert seen_without_misses(144, 180, 0) == 144


@pytest.mark.parametrize(("p", "occasions"), [(0.5, 2), (0.2, 6), (0.35, 4)])
def test_simulated_surveys_are_too_large_by_what_the_formula_says(p: float, occasions: int) -> None:
    rng = np.random.default_rng(3)
    estimates, expected = [], []
    for _ in range(60):
        counts, individuals = drawn(rng, 2000, p, occasions, 0.1)
        estimates.append(closed_estimate(counts, individuals))
        expected.append(too_large_by(counts, individuals, 0.1))
    assert np.mean(estimates) / 2000 == pytest.approx(np.mean(expected), rel=0.01)
    assert np.mean(expected) > 1.08


def test_sentences_give_the_bias_with_its_interval() -> None:
    lines = bias_lines([100, 80], 144, MissedShare(0.1, 0.05, 0.2, "as a trial says"))
    assert lines[0] == "Missed matches: 10% (5% to 20%), as a trial says."
    assert "too large by 11% (5% to 25%)" in lines[1]
    assert bias_lines([100, 80], 144, None) == []


def test_more_misses_than_a_history_can_hold() -> None:
    assert too_large_by([100, 100], 101, 0.3) is None
    lines = bias_lines([100, 100], 101, MissedShare(0.3, 0.3, 0.3, "x"))
    assert lines[1].startswith("So many do not fit")
