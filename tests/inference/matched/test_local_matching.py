"""Pairs of pictures are matched once, in whatever order they are asked for."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.matching_stand_ins import Corners, Neighbours
from tf_happywhale.config import Match
from tf_happywhale.inference.matched import local_matching
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.inference.matched.match_networks import Networks
from tf_happywhale.retrieval.embeddings import Embeddings

SETTINGS = Match(size=128)


def networks() -> Networks:
    return Networks(Corners(), Neighbours())


def draw(seed: int, shift: int = 0) -> np.ndarray:
    """An animal's marks, seen from a place that is `shift` pixels further right."""
    random = np.random.default_rng(seed)
    picture = np.full((120, 200, 3), 90, np.uint8)
    for x, y, r in zip(
        random.integers(30, 150, 25), random.integers(10, 110, 25), random.integers(3, 9, 25),
        strict=True,
    ):  # fmt: skip
        colour = tuple(int(c) for c in random.integers(0, 255, 3))
        cv2.circle(picture, (int(x) + shift, int(y)), int(r), colour, -1)
    return picture


def embedded(folder: Path, pictures: dict[str, np.ndarray], boxes: dict | None = None):
    folder.mkdir(parents=True, exist_ok=True)
    paths, contents = [], []
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / name), picture)
        paths.append(str(folder / name))
        contents.append(hashlib.sha256((folder / name).read_bytes()).hexdigest())
    count = len(pictures)
    columns = {"picture": paths, "content": contents}
    columns["box"] = [(boxes or {}).get(name, "") for name in pictures]
    return Embeddings(
        np.ones((count, 2), np.float32),
        np.array(list(pictures)),
        np.full(count, ""),
        columns={name: np.array(column, np.str_) for name, column in columns.items()},
    )


def every(first: Embeddings, second: Embeddings) -> np.ndarray:
    return np.stack(np.meshgrid(*map(np.arange, (len(first), len(second))), indexing="ij"), -1
    ).reshape(-1, 2)  # fmt: skip


def match_images(
    first: Embeddings,
    second: Embeddings,
    pairs: np.ndarray,
    settings: Match,
    home: Path,
    label: str,
    networks: Networks,
) -> np.ndarray:
    return LocalMatching(settings, [home], networks).features(first, second, pairs, label)


@pytest.fixture(scope="module")
def animals(tmp_path_factory: pytest.TempPathFactory) -> tuple[Embeddings, Embeddings]:
    """Three known animals, and two of them again."""
    folder = tmp_path_factory.mktemp("animals")
    known = embedded(folder / "known", {f"k{n}.png": draw(n) for n in range(3)})
    again = embedded(folder / "again", {f"q{n}.png": draw(n, shift=9) for n in (2, 0)})
    return again, known


def test_pictures_of_one_animal_match_best(animals, tmp_path: Path) -> None:
    queries, known = animals
    pairs = every(queries, known)
    found = match_images(queries, known, pairs, SETTINGS, tmp_path, "test", networks())
    assert found.shape == (6, 3) and found.dtype == np.float32
    inliers = found[:, 2].reshape(2, 3)
    assert inliers.argmax(axis=1).tolist() == [2, 0]


def test_nothing_is_computed_twice(animals, tmp_path: Path) -> None:
    queries, known = animals
    first = networks()
    pairs = every(queries, known)
    found = match_images(queries, known, pairs, SETTINGS, tmp_path, "test", first)
    assert first.extractor.seen == 5 and first.matcher.seen == 6
    again = networks()
    twice = match_images(
        known, queries, np.concatenate([pairs[:, ::-1]] * 2), SETTINGS, tmp_path, "test", again
    )
    assert again.extractor.seen == again.matcher.seen == 0
    assert np.array_equal(twice, np.concatenate([found] * 2))


def test_other_settings_are_other_points(animals, tmp_path: Path) -> None:
    queries, known = animals
    for settings_ in (SETTINGS, Match(size=96), Match(size=128, margin=0.1)):
        own = networks()
        match_images(queries, known, np.array([[0, 0]]), settings_, tmp_path, "test", own)
        assert own.extractor.seen == 2 and own.matcher.seen == 1


@settings(max_examples=15)
@given(st.permutations(range(10)), st.lists(st.booleans(), min_size=10, max_size=10))
def test_features_are_a_function_of_the_unordered_pair(
    animals, tmp_path_factory, order: list[int], turned: list[bool]
) -> None:
    """Whatever is asked for in the same call, in whatever order, and from whichever side."""
    queries, known = animals
    both = Embeddings(
        np.ones((5, 2), np.float32),
        np.concatenate([queries.image, known.image]),
        np.full(5, ""),
        columns={
            name: np.concatenate([queries.columns[name], known.columns[name]])
            for name in queries.columns
        },
    )
    upper = np.argwhere(np.triu(np.ones((5, 5)), 1))
    home = tmp_path_factory.mktemp("expected")
    expected = match_images(both, both, upper, SETTINGS, home, "test", networks())
    asked = upper[order]
    asked = np.where(np.array(turned)[:, None], asked[:, ::-1], asked)
    for start in (0, 4):  # a part first, as if a run had been stopped
        found = match_images(
            both, both, asked[start:], SETTINGS, tmp_path_factory.mktemp("asked"), "t", networks()
        )
        assert np.array_equal(found, expected[order][start:])


def test_pictures_that_cannot_be_read_have_no_features(tmp_path: Path) -> None:
    known = embedded(tmp_path / "known", {f"k{n}.png": draw(n) for n in range(4)})
    (tmp_path / "known" / "k1.png").write_bytes(b"other bytes")
    (tmp_path / "known" / "k2.png").unlink()
    matching = LocalMatching(SETTINGS, [tmp_path / "home"], networks())
    pairs = np.array([[0, 1], [0, 3], [2, 3]])
    found = matching.features(known, known, pairs, "test")
    assert np.isnan(found).all(axis=1).tolist() == [True, False, True]
    assert sorted(matching.failed) == ["k1.png", "k2.png"]
    assert "k1.png has changed" in matching.failed["k1.png"]


def test_a_box_is_what_is_looked_at(tmp_path: Path) -> None:
    """Two animals beside one another: the box says which of them is meant."""
    beside = np.concatenate([draw(0), draw(1)], axis=1)
    boxes = {"left.png": "body 0 0 200 120", "right.png": "body 200 0 400 120"}
    known = embedded(tmp_path / "known", {"a.png": draw(0), "b.png": draw(1)})
    queries = embedded(tmp_path / "new", {"left.png": beside, "right.png": beside}, boxes)
    found = match_images(
        queries, known, every(queries, known), SETTINGS, tmp_path / "home", "test", networks()
    )
    assert found[:, 2].reshape(2, 2).argmax(axis=1).tolist() == [0, 1]


def test_a_stopped_matching_goes_on(animals, tmp_path: Path, monkeypatch) -> None:
    queries, known = animals
    monkeypatch.setattr(local_matching, "CHUNK", 2)
    monkeypatch.setattr(local_matching, "KEEP_AFTER", -1.0)

    class Stopped(Neighbours):
        def __call__(self, pairs):
            if self.seen >= 4:
                raise KeyboardInterrupt
            return super().__call__(pairs)

    pairs = every(queries, known)
    with pytest.raises(KeyboardInterrupt):
        match_images(
            queries, known, pairs, SETTINGS, tmp_path / "a", "t", Networks(Corners(), Stopped())
        )
    rest = networks()
    found = match_images(queries, known, pairs, SETTINGS, tmp_path / "a", "t", rest)
    assert rest.extractor.seen == 0 and rest.matcher.seen == 2
    whole = match_images(queries, known, pairs, SETTINGS, tmp_path / "b", "t", networks())
    assert np.array_equal(found, whole)


def test_what_is_new_is_kept_where_it_was_asked_for(animals, tmp_path: Path) -> None:
    queries, known = animals
    homes = [tmp_path / "output", tmp_path / "gallery"]
    matching = LocalMatching(SETTINGS, homes, networks())
    matching.look_at(known, "gallery", into=1)
    matching.features(queries, known, every(queries, known), "photographs")
    keys = matching.look_at(known, "gallery")
    assert all(key in matching.points[1] and key not in matching.points[0] for key in keys)
    assert len(matching.pairs[0]) == 6 and not len(matching.pairs[1])


def test_a_gallery_that_may_not_be_written_to_does_not_stop_anything(
    animals, tmp_path: Path, monkeypatch
) -> None:
    queries, known = animals
    gallery = tmp_path / "gallery"
    gallery.mkdir()
    closed = {str(gallery)}
    monkeypatch.setattr(
        "os.access", lambda path, mode: str(path) not in closed or mode != os.W_OK
    )  # for root every folder is open
    matching = LocalMatching(SETTINGS, [tmp_path / "output", gallery], networks())
    found = matching.features(queries, known, every(queries, known), "gallery", into=1)
    assert not np.isnan(found).any() and len(matching.pairs[0]) == 6
    assert not list(gallery.iterdir())
