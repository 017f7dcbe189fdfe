"""What is usual for an image, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.retrieval.fusion.cohorts import (
    SHRINK,
    Cohort,
    cohort_from,
    cohort_of,
    rows_of,
    unusual,
)


def test_an_image_is_usual_as_its_pairs_and_five_of_everyone() -> None:
    values = np.array([[1.0], [3.0], [8.0]])
    found = cohort_of(values, np.array([0, 0, 2]), 4, 0.1)
    everyone = [1.0, 3.0, 8.0]
    for image, own in enumerate([[1.0, 3.0], [], [8.0], []]):
        weight = len(own) + SHRINK
        mean = (sum(own) + SHRINK * np.mean(everyone)) / weight
        square = (np.sum(np.square(own)) + SHRINK * np.mean(np.square(everyone))) / weight
        assert found.mean[image, 0] == pytest.approx(mean)
        assert found.deviation[image, 0] == pytest.approx(np.sqrt(square - mean**2))


def test_what_is_not_known_does_not_count() -> None:
    values = np.array([[1.0, 2.0], [np.nan, np.nan], [4.0, 1.0]])
    one = cohort_of(values, np.array([0, 1, 1]), 2, 0.1)
    other = cohort_of(values[[0, 2]], np.array([0, 1]), 2, 0.1)
    assert np.array_equal(one.mean, other.mean)
    assert np.array_equal(one.deviation, other.deviation)


@given(st.integers(0, 5), st.integers(1, 30), st.integers(0, 99))
def test_sums_and_pairs_say_the_same(images: int, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    owner, values = random.integers(0, images + 1, count), random.normal(size=(count, 2))
    one = cohort_of(values, owner, images + 1, 0.1)
    hot = np.eye(images + 1)[owner].T
    other = cohort_from(hot.sum(axis=1), hot @ values, hot @ values**2, 0.1)
    assert np.allclose(one.mean, other.mean) and np.allclose(one.deviation, other.deviation)
    assert (one.deviation >= 0.1).all()


def test_without_any_pair_all_is_usual() -> None:
    none = cohort_of(np.zeros((0, 2)), np.zeros(0, np.int64), 3, 0.1)
    assert np.isfinite(unusual(np.zeros((3, 2)), none, none)).all()


def test_a_number_counts_by_both_of_its_images() -> None:
    plain, lively = Cohort(np.array([[1.0]]), np.array([[2.0]])), Cohort(
        np.array([[9.0]]), np.array([[4.0]])
    )  # fmt: skip
    assert unusual(np.array([[5.0]]), plain, lively) == (2 + -1) / 2
    assert unusual(np.array([[5.0]]), plain, lively) == unusual(np.array([[5.0]]), lively, plain)
    assert rows_of(Cohort(np.arange(4)[:, None], np.ones((4, 1))), np.array([2, 0])).mean[
        :, 0
    ].tolist() == [2, 0]
