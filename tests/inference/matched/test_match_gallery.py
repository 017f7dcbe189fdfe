"""Photographs matched with a small drawn gallery, by corners."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.inference.matched.test_local_matching import draw, embedded
from tests.matching_stand_ins import Corners, Neighbours
from tf_happywhale.config import Match
from tf_happywhale.galleries.kept_lessons import LESSONS
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.inference.matched.match_gallery import match_gallery
from tf_happywhale.inference.matched.match_networks import Networks
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.fuse import Lessons, learn_from_pairs
from tf_happywhale.retrieval.teaching.same_encounter import same_encounter

INDIVIDUALS, DAYS = 5, 3


def animals(folder: Path, shift: int, seed: int, days: int) -> Embeddings:
    """Each animal on each day, under other light and from another place; embeddings are noise."""
    pictures, who, day = {}, [], []
    for n in range(INDIVIDUALS):
        for d in range(days):
            picture = draw(n, shift + 4 * d)
            pictures[f"{seed}-{n}-{d}.png"] = cv2.convertScaleAbs(picture, alpha=1 - 0.1 * d)
            who.append(f"id{n}")
            day.append(f"2026-01-0{d + 1}")
    images = embedded(folder, pictures)
    random = np.random.default_rng(seed)
    return replace(
        images,
        embedding=random.normal(size=(len(who), 8)).astype(np.float32),
        individual_id=np.array(who),
        columns=images.columns | {"date": np.array(day)},
    )


@pytest.fixture(scope="module")
def sighted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Embeddings, Embeddings]:
    folder = tmp_path_factory.mktemp("sighted")
    gallery = animals(folder / "gallery", 0, 1, DAYS)
    return animals(folder / "new", 11, 2, 1), gallery


def matching(folder: Path, **settings: object) -> LocalMatching:
    homes = [folder / "output", folder / "gallery"]
    return LocalMatching(Match(size=128, **settings), homes, Networks(Corners(), Neighbours()))


def test_matched_animals_are_told_apart_where_embeddings_are_noise(
    sighted, tmp_path: Path, capsys
) -> None:
    queries, gallery = sighted
    found = match_gallery(queries, gallery, matching(tmp_path))
    scores = found.fused.photographs(np.arange(len(queries)))
    assert scores.shape == (5, 15) and (scores >= 0).all() and (scores <= 1).all()
    assert gallery.individual_id[scores.argmax(axis=1)].tolist() == [f"id{n}" for n in range(5)]
    own = found.fused.own(np.arange(len(gallery)))
    own[same_encounter(gallery).mask(np.arange(len(gallery)))] = -1
    right = gallery.individual_id[own.argmax(axis=1)] == gallery.individual_id
    assert right.mean() > 0.8 and found.asked.all()
    said = capsys.readouterr().out
    assert "matching 5 animals with all 15 images of the gallery" in said
    # 15 · 14 / 2 pairs, of which 3 · (5 · 4 / 2) were taken together
    assert "calibrated on 75 pairs of the gallery, 15 of them of one individual (5 ind" in said


def test_the_gallerys_pairs_are_kept_with_the_gallery_and_matched_once(
    sighted, tmp_path: Path
) -> None:
    queries, gallery = sighted
    first = matching(tmp_path)
    scores = match_gallery(queries, gallery, first).fused.photographs(np.arange(5))
    assert len(first.pairs[1]) == 75 and len(first.points[1].place) == 15
    (tmp_path / "output").rename(tmp_path / "first output")
    again = matching(tmp_path)
    twice = match_gallery(queries, gallery, again).fused.photographs(np.arange(5))
    assert np.array_equal(scores, twice)
    assert again.networks.extractor.seen == 5
    third = matching(tmp_path)
    match_gallery(queries, gallery, third)
    assert third.networks.extractor.seen == third.networks.matcher.seen == 0


def test_a_shortlist_is_said_with_what_it_keeps(sighted, tmp_path: Path, capsys) -> None:
    queries, gallery = sighted
    found = match_gallery(queries, gallery, matching(tmp_path, shortlist=5))
    assert np.diff(found.fused.photographs.compared.start).tolist() == [5] * 5
    assert np.diff(found.fused.own.compared.start).tolist() == [5] * 15
    said = capsys.readouterr().out
    assert "each of 5 animals with the 5 nearest of 15 images of the gallery; of 15 of" in said
    assert "% of those with a right answer have one among so many" in said


def test_images_of_a_trained_models_are_not_asked(sighted, tmp_path: Path) -> None:
    queries, gallery = sighted
    honest = np.arange(15) % 3 == 0
    found = match_gallery(queries, gallery, matching(tmp_path), honest)
    assert np.array_equal(found.asked, honest)
    assert np.array_equal(np.diff(found.fused.own.compared.start) > 0, honest)


def test_without_an_honest_image_the_general_calibration_is_used(
    sighted, tmp_path: Path, capsys
) -> None:
    queries, gallery = sighted
    found = match_gallery(queries, gallery, matching(tmp_path), np.zeros(15, bool))
    assert "trained on all of the gallery's images: scores are" in capsys.readouterr().out
    scores = found.fused.photographs(np.arange(5))
    assert gallery.individual_id[scores.argmax(axis=1)].tolist() == [f"id{n}" for n in range(5)]


def test_one_image_each_has_the_general_calibration(sighted, tmp_path: Path, capsys) -> None:
    queries, gallery = sighted
    few = gallery.take(np.arange(0, 15, 3))
    scores = match_gallery(queries, few, matching(tmp_path)).fused.photographs(np.arange(5))
    assert "no individual with two images" in capsys.readouterr().out
    assert scores.argmax(axis=1).tolist() == [0, 1, 2, 3, 4]


def unlike(*_: object) -> None:
    raise AssertionError("the gallery's pairs were asked again")


def test_what_a_gallery_teaches_is_learned_once(sighted, tmp_path: Path, monkeypatch) -> None:
    queries, gallery = sighted
    first = match_gallery(queries, gallery, matching(tmp_path))
    assert len(list((tmp_path / "gallery" / LESSONS).iterdir())) == 1
    monkeypatch.setattr("tf_happywhale.inference.matched.match_gallery.learn_from_pairs", unlike)
    again = match_gallery(queries, gallery, matching(tmp_path))
    rows = np.arange(5), np.arange(15)
    for one, other in ((first, again), (again, first)):
        assert np.array_equal(one.fused.photographs(rows[0]), other.fused.photographs(rows[0]))
        assert np.array_equal(one.fused.own(rows[1]), other.fused.own(rows[1]))
    assert np.array_equal(first.asked, again.asked)
    numbers = [(f.pairs, f.same, f.individuals) for f in (first.fused, again.fused)]
    assert numbers[0] == numbers[1] == (75, 15, 5)


CHANGES = {
    "an individual": lambda one: {"individual_id": np.roll(one.individual_id, 1)},
    "an embedding": lambda one: {"embedding": one.embedding + np.eye(15, 8, dtype=np.float32)},
    "a day": lambda one: {"columns": one.columns | {"date": np.roll(one.columns["date"], 1)}},
    "a box": lambda one: {"columns": one.columns | {"box": np.full(15, "fin 0 0 9 9")}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_gallery_that_has_changed_teaches_again(sighted, tmp_path, monkeypatch, change) -> None:
    queries, gallery = sighted
    match_gallery(queries, gallery, matching(tmp_path))
    monkeypatch.setattr("tf_happywhale.inference.matched.match_gallery.learn_from_pairs", unlike)
    with pytest.raises(AssertionError, match="asked again"):
        match_gallery(queries, replace(gallery, **CHANGES[change](gallery)), matching(tmp_path))
    for asked in (np.arange(15) < 12, np.zeros(15, bool)):
        with pytest.raises(AssertionError, match="asked again"):
            match_gallery(queries, gallery, matching(tmp_path), asked)
    with pytest.raises(AssertionError, match="asked again"):
        match_gallery(queries, gallery, matching(tmp_path, shortlist=3))
    with pytest.raises(AssertionError, match="asked again"):
        match_gallery(queries, gallery, matching(tmp_path, margin=0.3))


def test_a_picture_without_a_known_content_is_read_again(sighted, tmp_path, monkeypatch) -> None:
    """As in galleries of older versions, whose pictures may be replaced."""
    queries, gallery = sighted
    paths = [tmp_path / f"{n}.png" for n in range(15)]
    for path, old in zip(paths, gallery.columns["picture"].tolist(), strict=True):
        path.write_bytes(Path(old).read_bytes())
    columns = gallery.columns | {"picture": np.array([str(path) for path in paths])}
    columns |= {"content": np.full(15, "")}
    gallery = replace(gallery, columns=columns)
    match_gallery(queries, gallery, matching(tmp_path))
    monkeypatch.setattr("tf_happywhale.inference.matched.match_gallery.learn_from_pairs", unlike)
    match_gallery(queries, gallery, matching(tmp_path))
    paths[3].write_bytes(paths[9].read_bytes())
    with pytest.raises(AssertionError, match="asked again"):
        match_gallery(queries, gallery, matching(tmp_path))


@pytest.fixture
def lacking(sighted, tmp_path: Path) -> tuple[Embeddings, Embeddings, Path, bytes]:
    """Photographs, a gallery without one of its pictures, where that was, and its content."""
    queries, gallery = sighted
    pictures = gallery.columns["picture"].tolist()
    encoded, lost = Path(pictures[3]).read_bytes(), tmp_path / "lost.png"
    pictures[3] = str(lost)
    columns = gallery.columns | {"picture": np.array(pictures)}
    return queries, replace(gallery, columns=columns), lost, encoded


def test_lessons_count_until_a_picture_can_be_read_again(
    lacking, tmp_path: Path, monkeypatch
) -> None:
    queries, gallery, lost, encoded = lacking
    match_gallery(queries, gallery, matching(tmp_path))
    module = "tf_happywhale.inference.matched.match_gallery"
    with monkeypatch.context() as patched:
        patched.setattr(f"{module}.learn_from_pairs", unlike)
        again = matching(tmp_path)
        match_gallery(queries, gallery, again)
        assert list(again.failed) == [gallery.image[3]]
        lost.write_bytes(b"another picture")
        match_gallery(queries, gallery, matching(tmp_path))
        lost.write_bytes(encoded)
        with pytest.raises(AssertionError, match="asked again"):
            match_gallery(queries, gallery, matching(tmp_path))
    scores = match_gallery(queries, gallery, matching(tmp_path)).fused.photographs(np.arange(5))
    assert not np.isnan(scores).any()
    monkeypatch.setattr(f"{module}.learn_from_pairs", unlike)
    lost.unlink()  # its points are kept
    match_gallery(queries, gallery, matching(tmp_path))


def test_lessons_of_a_picture_that_comes_back_meanwhile_are_not_kept(
    lacking, tmp_path: Path, monkeypatch
) -> None:
    queries, gallery, lost, encoded = lacking

    def learn(*these: object) -> Lessons:
        lost.write_bytes(encoded)
        return learn_from_pairs(*these)

    monkeypatch.setattr("tf_happywhale.inference.matched.match_gallery.learn_from_pairs", learn)
    match_gallery(queries, gallery, matching(tmp_path))
    assert not list(tmp_path.rglob(LESSONS))
