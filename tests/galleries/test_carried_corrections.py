"""Corrections of a gallery are made in its successor too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.galleries.carried_corrections import carry_corrections
from tf_happywhale.galleries.changes import called_now, load_changes, made_since
from tf_happywhale.galleries.corrections import merge, move_image, remove, remove_image, rename
from tf_happywhale.galleries.gallery_folder import Gallery, make_gallery, open_gallery
from tf_happywhale.galleries.queries import corrections_of

IMAGES, IDS = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"], ["1", "1", "2", "3", "4"]


def build(folder: Path, model: str, images: list[str] = IMAGES, ids: list[str] = IDS) -> Gallery:
    about = {"model": model, "source": "fin", "view": "original", "preprocess": ""}
    return make_gallery(folder, embed(list(range(0, 10 * len(images), 10)), images, ids, about))


def who(folder: Path) -> dict[str, str]:
    gallery = open_gallery(folder)
    return dict(zip(gallery.image.tolist(), gallery.individual_id.tolist(), strict=True))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A gallery in which every kind of correction was made."""
    gallery = build(tmp_path / "old", "first")
    rename(gallery, "1", "Old_Tom")
    merge(gallery, "2", "Old_Tom")
    move_image(gallery, "b.jpg", "new_one")
    remove(gallery, "3")
    return remove_image(gallery, "e.jpg").folder


def test_every_correction_is_carried_once(old: Path, tmp_path: Path) -> None:
    new = build(tmp_path / "new", "second").folder
    assert carry_corrections(old, new) == 5
    assert who(new) == who(old) == {"a.jpg": "Old_Tom", "b.jpg": "new_one", "c.jpg": "Old_Tom"}
    assert carry_corrections(old, new) == 0
    assert who(new) == who(old)


def test_images_that_came_later_go_with_their_individual(old: Path, tmp_path: Path) -> None:
    images, ids = [*IMAGES, "f.jpg", "g.jpg", "h.jpg"], [*IDS, "1", "2", "9"]
    new = build(tmp_path / "new", "second", images, ids).folder
    assert carry_corrections(old, new) == 7
    later = {"f.jpg": "Old_Tom", "g.jpg": "Old_Tom", "h.jpg": "9"}
    assert who(new) == who(old) | later
    assert carry_corrections(old, new) == 0
    assert who(new) == who(old) | later


def test_later_images_of_an_id_that_may_mean_two_stay_and_are_told(tmp_path: Path, capsys) -> None:
    """The ids 1 and 2 were exchanged, 3 was removed, and 4 was moved away image by image."""
    gallery = build(tmp_path / "old", "first")
    for one, other in (("1", "x"), ("2", "1"), ("x", "2")):
        gallery = rename(gallery, one, other)
    move_image(remove(gallery, "3"), "e.jpg", "5")
    later = {"f.jpg": "1", "g.jpg": "3", "h.jpg": "4"}
    new = build(tmp_path / "new", "second", [*IMAGES, *later], [*IDS, *later.values()]).folder
    carry_corrections(tmp_path / "old", new)
    assert who(new) == who(tmp_path / "old") | later
    said = capsys.readouterr().out
    assert "1 was renamed or merged in the gallery, and the catalogue has 1 new images of 1" in said
    assert "3 was removed in the gallery, and the catalogue has 1 new images of 3, such as" in said
    assert "h.jpg" not in said


def test_a_renewed_gallery_knows_what_individuals_were_called(old: Path, tmp_path: Path) -> None:
    """Decisions on pages from before a merge are added after the gallery was renewed."""
    before = build(tmp_path / "before", "first").folder
    new = build(tmp_path / "new", "second").folder
    carry_corrections(old, new)
    changes = load_changes(new)
    since = made_since(corrections_of(before), changes)
    assert [called_now(one, since) for one in ("1", "2", "3", "4")] == ["Old_Tom"] * 2 + ["", "4"]
    assert corrections_of(new) == corrections_of(old)
    assert made_since(corrections_of(old), changes) == []
    assert made_since("of another gallery", changes) is None


def test_a_catalogue_that_was_corrected_counts(old: Path, tmp_path: Path) -> None:
    new = build(tmp_path / "new", "second", IMAGES, ["5", "1", "5", "3", "4"]).folder
    assert carry_corrections(old, new) == 3
    assert who(new) == {"a.jpg": "5", "b.jpg": "new_one", "c.jpg": "5"}


def test_a_gallery_of_other_images(old: Path, tmp_path: Path) -> None:
    new = build(tmp_path / "new", "second", ["x.jpg", "y.jpg"], ["1", "2"]).folder
    assert carry_corrections(old, new) == 0
