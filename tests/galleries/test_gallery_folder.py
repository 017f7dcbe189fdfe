from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.corrections import merge, move_image, remove, remove_image, rename
from tf_happywhale.galleries.gallery_faults import damaged_files
from tf_happywhale.galleries.gallery_folder import (
    Gallery,
    beside,
    make_gallery,
    open_gallery,
)
from tf_happywhale.galleries.numbered_files import add_part
from tf_happywhale.retrieval.embeddings import Embeddings

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


def test_behind_a_link_it_finds_its_pictures_and_its_catalogue(tmp_path: Path) -> None:
    catalogue, disk = tmp_path / "a" / "catalogue", tmp_path / "mnt" / "disk" / "data"
    for folder in (catalogue, disk):
        folder.mkdir(parents=True)
    (catalogue / "a.jpg").write_text("picture")
    (tmp_path / "a" / "data").symlink_to(disk)
    folder = tmp_path / "a" / "data" / "whales"
    picture = beside(folder, [catalogue / "a.jpg"])
    images = replace(seen([0], ["01"]), columns={"picture": np.array(picture)})
    make_gallery(folder, images, catalogue)
    opened = open_gallery(folder)
    assert Path(opened.images().columns["picture"][0]).read_text() == "picture"
    assert opened.catalogue.samefile(catalogue)


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
    assert sorted(file.name for file in gallery.folder.iterdir() if file.name != ".lock") == [
        "gallery.json", "part-00000.npz", "part-00001.npz", "part-00002.npz",
    ]  # fmt: skip


def test_parts_without_a_head_are_not_written_over(gallery: Gallery) -> None:
    (gallery.folder / "gallery.json").unlink()
    with pytest.raises(InputError, match=r"without its gallery\.json"):
        make_gallery(gallery.folder, seen([1], ["01"], "x"))


def who(gallery: Gallery) -> dict[str, str]:
    opened = open_gallery(gallery.folder)
    return dict(zip(opened.image.tolist(), opened.individual_id.tolist(), strict=True))


def test_an_individual_is_renamed_and_its_id_can_be_given_anew(gallery: Gallery) -> None:
    rename(gallery, "01", "a_longer_id")
    assert who(gallery) == {"a.jpg": "a_longer_id", "b.jpg": "02", "c.jpg": "NA"}
    open_gallery(gallery.folder).append(seen([180], ["01"], "x"))
    assert who(gallery)["x.jpg"] == "01"
    with pytest.raises(InputError, match="There is an individual 02"):
        rename(gallery, "NA", "02")
    for bad in ("", " ", "two\nlines", "new_individual"):
        with pytest.raises(InputError, match=r"is empty|control character|is not the id"):
            rename(gallery, "NA", bad)


def test_two_that_are_one_animal_are_merged(gallery: Gallery) -> None:
    merge(gallery, "NA", "02")
    assert who(gallery) == {"a.jpg": "01", "b.jpg": "02", "c.jpg": "02"}
    with pytest.raises(InputError, match="There is no individual NA"):
        merge(open_gallery(gallery.folder), "01", "NA")
    with pytest.raises(InputError, match="into itself"):
        merge(gallery, "01", "01")


def test_what_is_removed_is_gone_and_may_come_again(gallery: Gallery) -> None:
    remove(gallery, "02")
    assert who(gallery) == {"a.jpg": "01", "c.jpg": "NA"}
    open_gallery(gallery.folder).append(seen([42], ["02"], "b"))
    assert who(gallery)["b.jpg"] == "02"
    move_image(remove_image(open_gallery(gallery.folder), "a.jpg"), "c.jpg", "02")
    assert who(gallery) == {"b.jpg": "02", "c.jpg": "02"}
    assert sorted(file.name for file in gallery.folder.glob("change-*")) == [
        "change-00000.json", "change-00001.json", "change-00002.json",
    ]  # fmt: skip


def test_nothing_that_was_written_is_ever_rewritten(gallery: Gallery) -> None:
    before = {file: file.read_bytes() for file in gallery.folder.iterdir()}
    remove(rename(gallery.append(seen([180], ["04"], "x")), "04", "05"), "05")
    assert all(file.read_bytes() == content for file, content in before.items())


def test_a_writer_that_is_killed_leaves_the_gallery_as_it_was(
    gallery: Gallery, monkeypatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tf_happywhale.galleries.numbered_files.os.link", killed)
    for work in (
        lambda: gallery.append(seen([180], ["04"], "x")),
        lambda: rename(gallery, "01", "09"),
    ):
        with pytest.raises(KeyboardInterrupt):
            work()
    assert who(gallery) == {"a.jpg": "01", "b.jpg": "02", "c.jpg": "NA"}


def test_columns_stay_with_their_images_and_pictures_are_found_from_the_gallery(
    tmp_path: Path,
) -> None:
    pictures = ["../pictures/a.jpg", "../pictures/b.jpg"]
    images = replace(
        seen([0, 40], ["01", "02"]),
        columns={"species": np.array(["orca", ""]), "picture": np.array(pictures)},
    )
    gallery = make_gallery(tmp_path / "whales", images, tmp_path / "catalogue")
    gallery.append(seen([80], ["03"], "x"))
    remove(gallery, "01")
    (tmp_path / "whales").rename(tmp_path / "moved")
    opened = open_gallery(tmp_path / "moved")
    whole = opened.images()
    assert whole.column("species").tolist() == ["", ""]
    assert whole.column("picture")[1] == ""
    assert Path(whole.column("picture")[0]).resolve() == tmp_path / "pictures" / "b.jpg"
    assert opened.catalogue.resolve() == tmp_path / "catalogue"
    assert beside(tmp_path / "whales", [tmp_path / "pictures" / "a.jpg"]) == pictures[:1]


def test_faults_are_found(gallery: Gallery) -> None:
    assert damaged_files(gallery.folder) == []
    add_part(gallery.folder, seen([9], ["01"]))  # another process added the same image
    assert damaged_files(gallery.folder) == [
        "The image a.jpg is there twice: remove it and add it again."
    ]
    (gallery.folder / "change-00000.json").write_text('{"verb": "explode"}')
    with pytest.raises(InputError, match=r"change-00000\.json is damaged"):
        damaged_files(gallery.folder)


def test_a_flipped_bit_is_a_fault(gallery: Gallery) -> None:
    file = gallery.folder / "part-00000.npz"
    content = bytearray(file.read_bytes())
    place = content.find(gallery.parts[0].embedding.tobytes())
    content[place + 4] ^= 1
    file.write_bytes(content)
    assert any("part-00000.npz is damaged" in fault for fault in damaged_files(gallery.folder))


def test_an_older_object_sees_what_another_has_changed_meanwhile(gallery: Gallery) -> None:
    rename(open_gallery(gallery.folder), "01", "09")
    with pytest.raises(InputError, match="There is an individual 09"):
        rename(gallery, "02", "09")
    open_gallery(gallery.folder).append(seen([180], ["04"], "x"))
    with pytest.raises(InputError, match=r"has the image x\.jpg already"):
        gallery.append(seen([1], ["04"], "x"))
    rename(gallery, "04", "05")  # of a photograph that came after
    assert who(gallery)["x.jpg"] == "05"
