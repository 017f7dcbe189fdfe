from __future__ import annotations

from pathlib import Path

import numpy as np

from tf_happywhale.galleries.gallery_folder import make_gallery
from tf_happywhale.galleries.matched_individuals import matched_individuals
from tf_happywhale.galleries.pair_store import PairStore
from tf_happywhale.galleries.point_store import point_key
from tf_happywhale.retrieval.embeddings import Embeddings

IMAGES = ["a1.jpg", "a2.jpg", "b1.jpg", "b2.jpg", "c.jpg", "c.jpg#2", "e.jpg"]
IDS = ["ann", "ann", "bob", "bob", "cid", "dan", "eve"]
BOX = "fin 1 2 30 40"


def gallery(
    folder: Path,
    found: dict[tuple[str, str], float],
    contents: dict | None = None,
    about: dict[str, str] | None = None,
):
    """A gallery that keeps the number of matches that fit together of some pairs of images."""
    contents = contents or {}
    content = [contents.get(image, f"{n:02}") for n, image in enumerate(IMAGES)]
    made = make_gallery(
        folder,
        Embeddings(
            np.ones((len(IMAGES), 3), np.float32),
            np.array(IMAGES),
            np.array(IDS),
            about or {"model": "m"},
            columns={
                "content": np.array(content),
                "box": np.full(len(IMAGES), BOX),
                "picture": np.full(len(IMAGES), str(folder / "gone.jpg")),
            },
        ),
    )
    keys = {image: point_key(one, BOX) for image, one in zip(IMAGES, content, strict=True)}
    features = {
        (keys[one], keys[other]): np.array([99, 99, count], np.float32)
        for (one, other), count in found.items()
    }
    PairStore(folder / "pairs" / "way").add(features)
    return made


def listed(made, count: int = 9) -> list[tuple]:
    found = matched_individuals(made, made.images(), count)
    return [(pair.individual_ids, pair.images, pair.score) for pair in found]


def test_individuals_whose_images_match_come_most_matches_first(tmp_path: Path) -> None:
    found = {
        ("a1.jpg", "a2.jpg"): 80,  # one individual
        ("b1.jpg", "a2.jpg"): 12, ("a1.jpg", "b2.jpg"): 11,
        ("e.jpg", "a1.jpg"): 30,
        ("c.jpg", "c.jpg#2"): 70,  # two animals of one photograph
        ("c.jpg", "b1.jpg"): 9,  # too few
        ("c.jpg", "e.jpg"): np.nan,
    }  # fmt: skip
    made = gallery(tmp_path / "whales", found)
    expected = [
        (("ann", "eve"), ("a1.jpg", "e.jpg"), 30),
        (("ann", "bob"), ("a2.jpg", "b1.jpg"), 12),
    ]
    assert listed(made) == expected
    assert listed(made, 1) == expected[:1]


def test_a_photograph_under_two_ids_is_a_pair_with_whatever_it_matches(tmp_path: Path) -> None:
    same = {"b1.jpg": "same", "e.jpg": "same"}
    made = gallery(tmp_path / "whales", {("a1.jpg", "b1.jpg"): 20}, same)
    assert [one[0] for one in listed(made)] == [("ann", "bob"), ("ann", "eve")]


def test_nothing_is_known_before_images_were_matched(tmp_path: Path) -> None:
    made = gallery(tmp_path / "whales", {})
    assert listed(made) == []
    older = gallery(tmp_path / "older", {("a1.jpg", "e.jpg"): 20}, dict.fromkeys(IMAGES, ""))
    assert listed(older) == []
