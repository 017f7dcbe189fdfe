"""A gallery that is read as it lies gives what tiles of it give, whatever it looks like."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.retrieval.lengths import squared_lengths, without_direction
from tf_happywhale.retrieval.search import as_it_lies, exact
from tf_happywhale.retrieval.search.as_it_lies import multiply, queries_together
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.retrieval.search.exact import MEMORY, nearest
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack, stack


def unaligned(part: np.ndarray) -> np.ndarray:
    return np.frombuffer(b"\0" + part.tobytes(), np.uint8)[1:].view(np.float32).reshape(part.shape)


LAYOUTS: list[Callable[[np.ndarray], np.ndarray]] = [
    np.ascontiguousarray,
    np.asfortranarray,
    unaligned,
    lambda part: np.repeat(part, 2, axis=1)[:, ::2],
]
LENGTHS = [0, 0, 0, -29, -20, 5, 29]  # powers of ten


@st.composite
def embeddings(draw: st.DrawFn, count: int, width: int) -> np.ndarray:
    """Embeddings of few directions, so that many cosines are equal, and of any length. Some of
    their numbers are so small that they are subnormal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = rng.integers(-2, 3, (count, width)).astype(float)
    rows += rng.normal(size=rows.shape) * draw(st.sampled_from([0, 0, 1e-8, 1e-6, 1]))
    rows *= 10.0 ** rng.choice([0, 0, 0, -11], rows.shape)
    rows = (rows * 10.0 ** rng.choice(LENGTHS, (count, 1))).astype(np.float32)
    while (broken := without_direction(squared_lengths(rows))) is not None:
        rows[broken[0]] = np.eye(width)[rng.integers(width)]
    return rows


@st.composite
def stacks(draw: st.DrawFn, count: int, widths: list[int]) -> Stack:
    """A stack of members with as many images, each in an order of its own. There are other rows
    between them, which mean nothing."""
    parts, rows = [], []
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for width in widths:
        part = np.full((count + draw(st.integers(0, count)), width), draw(st.sampled_from(
            [np.nan, np.inf, 0, 1])), np.float32)  # fmt: skip
        place = rng.permutation(len(part))[:count]
        if draw(st.booleans()):
            place = np.sort(place)
        part[place] = draw(embeddings(count, width))
        parts.append(draw(st.sampled_from(LAYOUTS))(part))
        rows.append(place)
    weights = [draw(st.sampled_from([1, 2, 1e-3])) for _ in widths]
    return stack(parts, rows, weights, lengths=draw(st.booleans()), squares=[
        squared_lengths(part) for part in parts])  # fmt: skip


@st.composite
def searches(draw: st.DrawFn) -> tuple[Stack, Stack | Blend, np.ndarray]:
    """Queries, a gallery and its labels."""
    widths = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    count = draw(st.integers(1, 40))
    labels = draw(st.lists(st.integers(0, draw(st.integers(0, 40))), min_size=count,
                           max_size=count))  # fmt: skip
    gallery: Stack | Blend = draw(stacks(count, widths))
    if draw(st.booleans()):
        centres = draw(stacks(count, widths))
        gallery = Blend(gallery, centres, draw(st.sampled_from([0.0, 0.3, 1.0])))
    if draw(st.booleans()):
        order = np.random.default_rng(count).integers(0, count, count)  # some images twice
        gallery = gallery.take(order)
    return draw(stacks(draw(st.integers(1, 5)), widths)), gallery, np.array(labels)


@contextmanager
def read(as_it_is: bool, room: int = 2**28, rows: int = 2**14, tile: int = 2048):
    """Let galleries be read as they lie, or never."""
    with (
        patch.multiple(as_it_lies, MOST=128 * as_it_is, READS=10**9, ROOM=room, ROWS=rows),
        patch.object(exact, "GALLERY_ROWS", tile),
    ):
        yield


@given(searches(), st.integers(1, 7), st.integers(0, 2000), st.integers(1, 50), st.integers(1, 50))
def test_what_is_found_is_what_tiles_find(search, k: int, room: int, rows: int, tile: int) -> None:
    queries, gallery, labels = search
    with read(False):
        expected = nearest(queries, gallery, labels, k)
    with read(True, room + 800, rows, tile):
        found = nearest(queries, gallery, labels, k)
    for name in ("label", "score", "image"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def all_scores(queries: Stack, gallery: Stack | Blend) -> np.ndarray:
    """The scores float64 [n, m], of rows joined in float64."""
    if isinstance(gallery, Blend):
        near, centre = (all_scores(queries, part) for part in (gallery.images, gallery.centres))
        return (1 - gallery.share) * near + gallery.share * centre
    asked, known = (
        np.concatenate([part[rows].astype(float) * scales[:, None] for part, rows, scales in
                        zip(side.parts, side.rows, side.scales, strict=True)], axis=1)
        for side in (queries, gallery)
    )  # fmt: skip
    return asked @ known.T


@given(searches(), st.integers(1, 7))
def test_what_is_found_is_best_by_brute_force(search, k: int) -> None:
    queries, gallery, labels = search
    with read(True):
        found = nearest(queries, gallery, labels, k)
    scores, names = all_scores(queries, gallery), np.unique(labels)
    best = np.stack([scores[:, labels == name].max(axis=1) for name in names], axis=1)
    highest = -np.sort(-best, axis=1)[:, : min(k, len(names))]
    np.testing.assert_allclose(found.score, highest, atol=1e-11)
    np.testing.assert_array_equal(labels[found.image], found.label)
    np.testing.assert_allclose(np.take_along_axis(scores, found.image, 1), found.score, atol=1e-11)
    for label, score in zip(found.label, np.round(found.score, exact.DECIMALS), strict=True):
        assert list(zip(-score, label, strict=True)) == sorted(zip(-score, label, strict=True))
        assert len(set(label.tolist())) == len(label)


@given(searches(), st.integers(1, 50))
def test_no_dot_product_is_further_off_than_its_bound(search, rows: int) -> None:
    queries, gallery, _ = search
    with read(True, rows=rows):
        dots = multiply(gallery, queries)
    off = np.abs(dots.tile(slice(None)) - all_scores(queries, gallery).T)
    assert off.max() <= dots.bound
    np.testing.assert_array_equal(dots.tile(slice(None))[1:], dots.tile(slice(1, None)))


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_the_mean_of_the_best_images_is_what_tiles_find(best_of: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    queries, gallery = (rng.integers(-2, 3, (n, 3)) + np.float32(0.5) for n in (3, 30))
    ids = [f"{n:02d}" for n in rng.integers(0, 12, 30)]
    found = []
    for as_it_is in (True, False):
        with read(as_it_is):
            found.append(rank_individuals(queries, gallery, ids, k, best_of=best_of))
    for name in ("individual_id", "score", "reference"):
        np.testing.assert_array_equal(*(getattr(each, name) for each in found))


def test_what_float32_loses_of_short_embeddings_is_in_the_bound() -> None:
    # where numbers below 2^-126 count as zero, the second one is lost: 6.4e-9 of the cosine
    asked = stack([np.array([[1e-8, 1]], np.float32)])
    short, plain = (stack([np.array([row], np.float32)]) for row in ([1.1e-30, 7e-39], [1, 1]))
    bounds = [multiply(rows, asked).bound for rows in (short, plain)]
    assert bounds[0] > bounds[1] + 6.4e-9
    assert bounds[1] == pytest.approx((2 + 1 + 8) * 2**-24)


def test_tiles_are_for_many_queries_large_galleries_and_a_small_part_of_the_embeddings() -> None:
    part = np.ones((1000, 2), np.float32)
    gallery = stack([part])
    assert queries_together(gallery, 128, MEMORY) == as_it_lies.ROOM // 4000
    assert queries_together(gallery, 129, MEMORY) == 0
    assert queries_together(gallery.take(np.arange(499)), 1, MEMORY) == 0
    assert queries_together(gallery.take(np.arange(500)), 1, MEMORY) > 0
    assert queries_together(gallery, 12, 4000 * 3) == 3  # whoever asks allows no more
    with patch.object(as_it_lies, "ROOM", 4000 * 3):
        assert queries_together(gallery, 12, MEMORY) == 3
        assert queries_together(gallery, 13, MEMORY) == 0  # five reads
        assert queries_together(stack([part] * 4), 1, MEMORY) == 0  # no room for one query


@pytest.mark.parametrize("queries", [1, 5])
def test_the_gallery_is_read_in_its_own_order(queries: int) -> None:
    rng = np.random.default_rng(0)
    gallery, read_rows = stack([rng.normal(size=(500, 4))]), []
    asked, ids = stack([rng.normal(size=(queries, 4))]), rng.integers(0, 90, 500)

    def note(part: np.ndarray, turned: np.ndarray, out: np.ndarray) -> np.ndarray:
        read_rows.append((part.ctypes.data - gallery.parts[0].ctypes.data) // 16)
        return np.dot(part, turned, out=out)

    with patch.object(as_it_lies, "ROWS", 200), patch.object(np, "matmul", note):
        nearest(asked, gallery, ids, 5)
    assert read_rows == [0, 200, 400]
