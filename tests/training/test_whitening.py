from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.training.whitening import within_individuals


def drawn(each: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Four individuals that differ in one direction a little, while images of one of them differ
    in another a lot."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(4), each)
    rows = np.stack([who + rng.normal(0, 0.1, len(who)), rng.normal(5, 3, len(who))], axis=1)
    return rows, who.astype(str)


def test_images_of_one_individual_then_differ_equally_in_all_directions():
    rows, who = drawn()
    kernel, bias = within_individuals(rows, who, 1e-9)
    mapped = rows @ kernel.astype(np.float64) + bias
    within = np.concatenate([mapped[who == one] - mapped[who == one].mean(0) for one in set(who)])
    covariance = within.T @ within / len(within)
    np.testing.assert_allclose(covariance, np.eye(2) * covariance[0, 0], atol=0.01)
    np.testing.assert_allclose(mapped.mean(axis=0), 0, atol=1e-3)


def test_variances_by_hand():
    rows = np.array([[1.0, 0], [-1, 0], [0, 3], [0, -3]])  # 0.5 and 4.5 within a and b
    kernel, bias = within_individuals(rows, ["a", "a", "b", "b"], 1.0)
    want = np.sqrt([2 * 2.5 / (0.5 + 2.5), 2 * 2.5 / (4.5 + 2.5)])
    np.testing.assert_allclose(kernel, np.diag(want), rtol=1e-6)
    np.testing.assert_allclose(bias, 0, atol=1e-12)
    assert kernel.dtype == bias.dtype == np.float32


def test_a_large_ridge_only_centres():
    rows, who = drawn()
    kernel, bias = within_individuals(rows, who, 1e6)
    np.testing.assert_allclose(kernel, np.eye(2), atol=1e-5)
    np.testing.assert_allclose(bias, -rows.mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize("who", [["a", "b", "c"], ["a", "a", "c"]])
def test_without_two_images_that_differ_nothing_is_done(who):
    rows = np.array([[1.0, 0], [1, 0], [0, 1]])
    kernel, bias = within_individuals(rows, who, 1.0)
    np.testing.assert_array_equal(kernel, np.eye(2))
    np.testing.assert_array_equal(bias, 0)


def test_more_directions_than_images_are_no_matter():
    rows = np.random.default_rng(1).normal(size=(6, 40))
    kernel, bias = within_individuals(rows, list("aabbcc"), 1.0)
    assert np.isfinite(kernel).all() and np.isfinite(bias).all()
