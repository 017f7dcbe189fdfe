from __future__ import annotations

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.galleries.curation import flat_map, suspected_duplicates, suspected_errors


def gallery(rows: list[tuple[float, str]]):
    degrees, ids = zip(*rows, strict=True)
    return embed(degrees, [f"{n}.jpg" for n in range(len(rows))], ids)


def test_two_ids_of_one_animal_come_before_two_that_share_one_similar_picture() -> None:
    images = gallery(
        [(0, "a"), (10, "a"), (2, "a2"), (12, "a2"),  # the same animal
         (90, "b"), (130, "b"), (89, "c"), (50, "c")]  # one pair of pictures only
    )  # fmt: skip
    pairs = suspected_duplicates(images, 2)
    assert pairs[0].individual_ids == ("a", "a2")
    assert pairs[0].score == pytest.approx(np.cos(np.radians(2)), abs=1e-6)
    assert pairs[1].individual_ids == ("b", "c")
    near, far = np.cos(np.radians(1)), np.cos(np.radians(40))
    assert pairs[1].score == pytest.approx((near + near + np.cos(np.radians(41)) + far) / 4)
    assert pairs[1].images == ("4.jpg", "6.jpg")


def test_an_image_nearer_to_somebody_else_is_doubted_with_both_reasons() -> None:
    images = gallery(
        [(0, "a"), (5, "a"), (84, "a"), (80, "b"), (90, "b"), (200, "c"), (170, "d"), (171, "d")]
    )
    odd = suspected_errors(images, 20)
    assert odd[0].image == "2.jpg" and odd[0].individual_id == "a"
    assert (odd[0].own_image, odd[0].other_id, odd[0].other_image) == ("1.jpg", "b", "3.jpg")
    expected = np.cos(np.radians(4)) - np.cos(np.radians(79))
    assert odd[0].doubt == pytest.approx(expected, abs=1e-6)
    assert "5.jpg" not in {one.image for one in odd}  # alone of its individual
    assert len(odd) == 7


def test_one_individual_has_neither() -> None:
    images = gallery([(0, "a"), (5, "a")])
    assert suspected_duplicates(images, 5) == [] == suspected_errors(images, 5)


def test_the_map_keeps_distances_of_what_lies_in_a_plane() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 6)) * [5, 3, 0, 0, 0, 0] + [0, 0, 9, 0, 0, 0]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    flat = flat_map(rows.astype(np.float32))
    centred = unit - unit.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False)
    np.testing.assert_allclose((flat**2).sum(axis=0), values[:2] ** 2, rtol=1e-4)
    np.testing.assert_allclose(flat.mean(axis=0), 0, atol=1e-6)
    assert flat_map(rows[:1].astype(np.float32)).shape == (1, 2)


def test_two_individuals_of_one_photograph_are_not_one_animal() -> None:
    """Their pictures are alike, since the background is the same."""
    images = embed([0, 1, 60, 2], ["a.jpg", "a.jpg#2", "b.jpg", "c.jpg"], ["A", "B", "C", "D"])
    pairs = [pair.individual_ids for pair in suspected_duplicates(images, 9)]
    assert ("A", "B") not in pairs and ("A", "D") in pairs and ("B", "D") in pairs
