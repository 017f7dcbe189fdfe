from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.training.teachers.principal_rows import principal_rows

RNG = np.random.default_rng(0)


def cosines(rows: np.ndarray) -> np.ndarray:
    rows = np.float64(rows)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


@pytest.mark.parametrize(("count", "length"), [(40, 7), (7, 40), (12, 12), (3000, 5)])
def test_with_all_components_the_cosines_are_those_around_the_mean(count: int, length: int):
    rows = RNG.normal(3, 1, (count, length)).astype(np.float32)
    found = principal_rows(rows)
    assert found.dtype == np.float32
    assert found.shape == (count, min(length, count - 1))
    np.testing.assert_allclose(
        cosines(found), cosines(rows - np.float64(rows).mean(axis=0)), atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_the_components_with_the_largest_variance_are_kept():
    spread = np.array([5, 0.1, 3, 0.2], np.float32)
    rows = RNG.normal(size=(500, 4)).astype(np.float32) * spread
    large = rows[:, [0, 2]] - rows[:, [0, 2]].mean(axis=0)
    np.testing.assert_allclose(cosines(principal_rows(rows, 2)), cosines(large), atol=0.05)


def test_short_and_long_rows_are_treated_alike():
    """Columns that say nothing make rows longer than they are many."""
    rows = RNG.normal(size=(30, 20)).astype(np.float32)
    longer = np.concatenate([rows, np.ones((30, 20), np.float32)], axis=1)
    for width in (5, 20):
        both = (principal_rows(each, width) for each in (rows, longer))
        np.testing.assert_allclose(*both, atol=1e-5)


def test_rows_that_are_all_the_same_have_no_components():
    assert principal_rows(np.ones((5, 3), np.float32)).shape == (5, 0)
    assert principal_rows(np.ones((3, 5), np.float32)).shape == (3, 0)
