from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.gallery import Gallery, make_gallery, open_gallery

ABOUT = {"model": "m1", "source": "backfin", "view": "original", "preprocess": "squashed to 128"}


def seen(degrees: list[float], ids: list[str], first: str = "a") -> Embeddings:
    images = [f"{chr(ord(first) + n)}.jpg" for n in range(len(degrees))]
    return embed(degrees, images, ids, ABOUT)


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return make_gallery(tmp_path / "gallery", seen([0, 40, 80], ["01", "02", "NA"]))


def test_it_is_found_again_and_searched(gallery: Gallery) -> None:
    opened = open_gallery(gallery.folder)
    found = opened.search(seen([42], [""], "q"), 3)
    assert found.individual_id.tolist() == [["02", "NA", "01"]]
    assert opened.image[found.reference[0, 0]] == "b.jpg"


def test_confirmed_matches_are_added_and_stay(gallery: Gallery) -> None:
    gallery.append(seen([180], ["04"], "x"))
    opened = open_gallery(gallery.folder)
    assert len(opened) == 4
    assert opened.search(seen([178], [""], "q"), 1).individual_id.tolist() == [["04"]]
    assert opened.about == ABOUT


@pytest.mark.parametrize("fact", ["model", "source", "view", "preprocess"])
def test_embeddings_of_another_making_are_refused(gallery: Gallery, fact: str) -> None:
    other = replace(seen([42], ["02"], "q"), about=ABOUT | {fact: "other"})
    for use in (lambda: gallery.search(other, 1), lambda: gallery.append(other)):
        with pytest.raises(InputError, match=f"have {fact} other, but those of the gallery"):
            use()
    assert len(open_gallery(gallery.folder)) == 3


def test_an_image_cannot_be_added_twice_or_unnamed(gallery: Gallery) -> None:
    with pytest.raises(InputError, match=r"has the image b\.jpg already"):
        gallery.append(seen([1], ["01"], "b"))
    with pytest.raises(InputError, match=r"Nobody is named in x\.jpg"):
        gallery.append(seen([1], [""], "x"))
    with pytest.raises(InputError, match="There is a gallery in"):
        make_gallery(gallery.folder, seen([1], ["01"], "x"))


def test_what_is_missing_or_damaged_is_one_sentence(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no gallery in"):
        open_gallery(tmp_path)
    gallery.append(seen([180], ["04"], "x"))
    (gallery.folder / "part-00000.npz").unlink()
    with pytest.raises(InputError, match=r"lacks part-00000\.npz"):
        open_gallery(gallery.folder)
    (gallery.folder / "gallery.json").write_text("[]")
    with pytest.raises(InputError, match="is damaged"):
        open_gallery(gallery.folder)


def test_an_empty_gallery_can_be_made_but_not_searched(tmp_path: Path) -> None:
    empty = make_gallery(tmp_path / "gallery", seen([], []))
    with pytest.raises(InputError, match="is empty"):
        empty.search(seen([1], [""], "q"), 1)
    assert len(open_gallery(tmp_path / "gallery").append(seen([1], ["01"]))) == 1


def test_two_appends_on_one_object_are_both_kept(gallery: Gallery) -> None:
    gallery.append(seen([180], ["04"], "x"))
    gallery.append(seen([200], ["05"], "y"))
    opened = open_gallery(gallery.folder)
    assert opened.individual_id.tolist() == ["01", "02", "NA", "04", "05"]
    assert sorted(file.name for file in gallery.folder.iterdir()) == [
        "gallery.json", "part-00000.npz", "part-00001.npz", "part-00002.npz",
    ]  # fmt: skip


def test_parts_without_a_head_are_not_written_over(gallery: Gallery) -> None:
    (gallery.folder / "gallery.json").unlink()
    with pytest.raises(InputError, match=r"without its gallery\.json"):
        make_gallery(gallery.folder, seen([1], ["01"], "x"))
