from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search.joined_rows import stack


def parts(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(6, width)).astype(np.float32) * width for width in (3, 4)]


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_rows_have_length_one_and_members_count_by_their_weights() -> None:
    left, right = parts()
    joined = stack([left, right], weights=[3, 1]).tile(slice(None))
    np.testing.assert_allclose(np.linalg.norm(joined, axis=1), 1, rtol=1e-6)
    expected = 0.75 * unit(left) @ unit(left).T + 0.25 * unit(right) @ unit(right).T
    np.testing.assert_allclose(joined @ joined.T, expected, atol=1e-6)


def test_members_in_another_order_are_matched_by_their_rows() -> None:
    left, right = parts()
    turned = stack([left, right[::-1]], rows=[np.arange(6), np.arange(6)[::-1]])
    np.testing.assert_allclose(turned.tile([2, 4]), stack([left, right]).tile([2, 4]))


def test_with_lengths_the_joined_row_is_normalised_as_it_is() -> None:
    left, right = parts()
    joined = stack([left, right], lengths=True).tile(slice(None))
    np.testing.assert_allclose(joined, unit(np.concatenate([left, right], axis=1)), atol=1e-6)


def test_dots_of_pairs_are_the_cosines_in_float64() -> None:
    gallery, queries = stack(parts(0)), stack(parts(1))
    images, asked = np.array([0, 5, 5]), np.array([3, 3, 1])
    left, right = ([unit(part.astype(float)) for part in parts(n)] for n in (0, 1))
    expected = [
        np.mean([a[i] @ b[q] for a, b in zip(left, right, strict=True)])
        for i, q in zip(images, asked, strict=True)
    ]
    np.testing.assert_allclose(gallery.dot(images, queries, asked), expected, atol=1e-15)


def test_rows_that_are_not_aligned_are_the_same_rows() -> None:
    numbers = np.random.default_rng(0).normal(size=(90, 5)).astype(np.float32)
    odd = np.frombuffer(b"\0" + numbers.tobytes(), np.uint8)[1:].view(np.float32).reshape(90, 5)
    assert not odd.flags.aligned
    rows = np.arange(90)[::-1]
    one, other = (stack([part]).take(rows) for part in (numbers, odd))
    assert (one.tile(slice(None)) == other.tile(slice(None))).all()
    assert (one.dot(rows, one, rows) == other.dot(rows, other, rows)).all()


@pytest.mark.parametrize(
    "laid_out",
    [np.asfortranarray, lambda part: np.repeat(part, 2, axis=1)[:, ::2]],
    ids=["by columns", "a slice"],
)
def test_rows_laid_out_otherwise_are_the_same_and_not_copied_whole(laid_out: Callable) -> None:
    numbers = np.random.default_rng(0).normal(size=(20_000, 32)).astype(np.float32)
    odd, rows = stack([laid_out(numbers)]), np.array([7, 19_999, 3])
    tracemalloc.start()
    dots = odd.dot(rows, odd, rows[::-1])
    tile = odd.tile(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < numbers.nbytes / 10
    plain = stack([numbers])
    assert (tile == plain.tile(rows)).all()
    assert (dots == plain.dot(rows, plain, rows[::-1])).all()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0.0, "row 1 is zero"), (1e-40, "row 1 is zero"), (np.nan, "row 1 is not finite"),
        (1e35, "row 1 is not finite"),
    ],
)  # fmt: skip
def test_rows_without_direction_are_refused(value: float, says: str) -> None:
    with pytest.raises(InputError, match=says):
        stack([np.array([[1.0, 2.0], [value, value]])])
