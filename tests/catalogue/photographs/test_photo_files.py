from __future__ import annotations

import os
from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs import photo_files
from tf_happywhale.catalogue.photographs.own_output import mark_new_output, mark_own_output
from tf_happywhale.catalogue.photographs.photo_files import (
    list_images,
    list_photographs,
    skipped_lines,
)
from tf_happywhale.errors import InputError

JPEG = b"\xff\xd8\xff\xe0 and so on"


def touch(folder: Path, *names: str, content: bytes = b"") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def test_images_are_listed_by_relative_name(tmp_path: Path) -> None:
    touch(tmp_path, "b.JPG", "a.png", "sub/c.jpeg", "notes.txt", ".hidden.jpg")
    assert list_images(tmp_path) == ["a.png", "b.JPG", "sub/c.jpeg"]
    with pytest.raises(InputError, match="no folder"):
        list_images(tmp_path / "absent")


def test_every_ending_of_a_jpeg_is_a_photograph(tmp_path: Path) -> None:
    names = ["a.jfif", "b.JPE", "c.jps", "d.MPO", "e.jpeg"]
    touch(tmp_path, *names)
    assert list_photographs(tmp_path).images == names
    assert list_photographs(tmp_path).not_read == {}


def test_raw_files_and_films_are_counted_by_ending_with_what_helps(tmp_path: Path) -> None:
    touch(tmp_path, "a.CR2", "b.cr2", "c.NEF", "d.MOV", "sub/e.mp4", "f.gif", "g.zip", "ok.jpg")
    touch(tmp_path, "boxes.csv", "notes.txt", "a.xmp")
    listing = list_photographs(tmp_path)
    assert listing.images == ["ok.jpg"]
    assert list(listing.not_read) == ["a.CR2", "b.cr2", "c.NEF", "d.MOV", "f.gif", "g.zip",
                                      "sub/e.mp4"]  # fmt: skip
    lines = skipped_lines(listing)
    assert lines[0].startswith("not looked at: 2 .cr2, 1 .nef (such as a.CR2), a camera's raw file")
    assert "1 .mov, 1 .mp4" in lines[1]
    assert len(lines) == 4


def test_a_picture_without_a_pictures_ending_is_not_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "DSC_0001", "b.jpg_large", "c.jpg_original", content=JPEG)
    touch(tmp_path, "README", content=b"text")
    listing = list_photographs(tmp_path)
    assert set(listing.not_read) == {"DSC_0001", "b.jpg_large", "c.jpg_original"}
    assert "rename" in listing.not_read["DSC_0001"]


def test_heic_is_a_photograph_where_its_reader_is_installed(tmp_path: Path, monkeypatch) -> None:
    touch(tmp_path, "a.HEIC", "b.heif", "c.hif")
    assert list_images(tmp_path) == ["a.HEIC", "b.heif", "c.hif"]
    monkeypatch.setattr(photo_files, "reads_heic", lambda: False)
    listing = list_photographs(tmp_path)
    assert listing.images == []
    assert skipped_lines(listing) == [
        "not looked at: 1 .heic, 1 .heif, 1 .hif (such as a.HEIC), HEIC needs pillow-heif: "
        "pip install pillow-heif"
    ]


def test_what_other_programs_keep_beside_photographs_is_left_out_and_said(tmp_path: Path) -> None:
    others = ["@eaDir/a.jpg/thumb.jpg", ".picasaoriginals/a.jpg", "Thumbs/a.jpg",
              "x/.thumbnails/a.jpg", "__MACOSX/._a.jpg", "$RECYCLE.BIN/a.jpg",
              ".Trash-1000/a.jpg", "lost+found/a.jpg",
              "System Volume Information/a.jpg", "#recycle/a.jpg"]  # fmt: skip
    touch(tmp_path, *others, "._a.jpg", "a.jpg", "Thumbs.db", "thumbsup/b.jpg")
    listing = list_photographs(tmp_path)
    assert listing.images == ["a.jpg", "thumbsup/b.jpg"]
    assert len(listing.left_out["folders of hidden, deleted or small pictures"]) == len(others)
    assert listing.left_out["hidden files"] == ["._a.jpg"]
    (line,) = skipped_lines(listing)
    assert line.startswith("left out: ")
    assert f"folders of hidden, deleted or small pictures: {len(others)} (" in line
    assert list_images(tmp_path / "@eaDir") == ["a.jpg/thumb.jpg"]  # one that is named is meant


def test_our_own_output_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "new/report/thumbnails/x.jpg", "theirs/b.jpg", "theirs/why/c.png")
    mark_own_output(tmp_path / "new")
    mark_new_output(tmp_path / "made")
    touch(tmp_path, "made/d.jpg")
    mark_new_output(tmp_path / "theirs")  # holds a person's photograph already
    mark_own_output(tmp_path / "theirs/why")
    listing = list_photographs(tmp_path)
    assert listing.images == ["a.jpg", "theirs/b.jpg"]
    assert listing.left_out["folders that this package wrote"] == ["made/", "new/", "theirs/why/"]
    assert list_images(tmp_path / "made") == ["d.jpg"]


def test_a_report_of_before_there_were_marks_is_known_and_a_persons_album_is_not(
    tmp_path: Path,
) -> None:
    touch(tmp_path, "identified/report/index.html", "identified/queries.npz",
          f"identified/report/thumbnails/{'0a' * 10}.jpg", "identified/why/a 7.png",
          "album/index.html", "album/thumbnails/fin.jpg", "album/fin.jpg", "why/a.jpg")  # fmt: skip
    listing = list_photographs(tmp_path)
    assert listing.images == ["album/fin.jpg", "album/thumbnails/fin.jpg", "why/a.jpg"]


def test_links_that_lead_round_end_and_each_photograph_counts_once(tmp_path: Path) -> None:
    touch(tmp_path, "day/a.jpg", "day/deep/b.jpg")
    touch(tmp_path.parent, f"{tmp_path.name}-elsewhere/c.jpg")
    (tmp_path / "all").symlink_to(tmp_path)
    (tmp_path / "day/deep/up").symlink_to("..")
    (tmp_path / "again").symlink_to(tmp_path / "day")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "card").symlink_to(tmp_path.parent / f"{tmp_path.name}-elsewhere")
    (tmp_path / "gone.jpg").symlink_to("nothing.jpg")
    listing = list_photographs(tmp_path)
    assert listing.images == ["card/c.jpg", "day/a.jpg", "day/deep/b.jpg"]
    assert len(listing.left_out["links to folders that are here already"]) == 3
    assert "is gone" in listing.not_read["gone.jpg"]


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch) -> None:
    touch(tmp_path, "a.jpg", "shut/b.jpg")
    real = os.scandir

    def refuse(path):
        if str(path).rstrip("/").endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_photographs(tmp_path)
    assert listing.images == ["a.jpg"]
    assert "shut may not be read" in listing.not_read["shut/"]
    with pytest.raises(InputError, match="shut may not be read"):
        list_photographs(tmp_path / "shut")
