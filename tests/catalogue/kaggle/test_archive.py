from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from tf_happywhale.catalogue.kaggle import archive
from tf_happywhale.catalogue.kaggle.archive import (
    move_into_place,
    path_inside,
    readable_bytes,
    unpack,
)
from tf_happywhale.errors import InputError


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_unpacks_folders_and_says_what_was_in_it(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"train_images/é.jpg": b"12", "train.csv": b"345"})
    assert unpack(path, tmp_path / "to") == {"train_images/é.jpg": 2, "train.csv": 3}
    assert files_below(tmp_path / "to") == {"train_images/é.jpg": b"12", "train.csv": b"345"}


def test_member_that_is_there_stays_and_another_of_its_name_is_kept_aside(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"same": b"12", "other": b"345"})
    to = tmp_path / "to"
    to.mkdir()
    (to / "same").write_bytes(b"xy")
    (to / "other").write_bytes(b"my own")
    unpack(path, to)
    assert files_below(to) == {"same": b"xy", "other": b"345", "other.before": b"my own"}


@pytest.mark.parametrize("links", [True, False])
def test_what_is_kept_aside_is_not_replaced_by_what_is_kept_later(
    tmp_path: Path, monkeypatch, links: bool
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr("os.link", refuse)
    path = zipped(tmp_path / "a.zip", {"other": b"345"})
    (tmp_path / "to").mkdir()
    for mine in (b"my own", b"my second", b"my third"):
        (tmp_path / "to" / "other").write_bytes(mine)
        unpack(path, tmp_path / "to")
    assert files_below(tmp_path / "to") == {
        "other": b"345", "other.before": b"my own", "other.before2": b"my second",
        "other.before3": b"my third",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/out", "..\\out", "C:\\out"])
def test_member_that_leads_out_is_refused_before_anything_is_written(tmp_path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", {"good": b"1", name: b"2"})
    with pytest.raises(InputError, match="leads out"):
        unpack(path, tmp_path / "to")
    assert files_below(tmp_path) == {"a.zip": path.read_bytes()}


def test_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="a link"):
        unpack(path, tmp_path / "to")


def test_damaged_archive_is_removed_so_that_it_comes_again(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a": b"0123456789" * 20})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        unpack(path, tmp_path / "to")
    assert files_below(tmp_path) == {}


def test_damage_that_only_the_decompressor_sees_is_damage_too(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a", b"image,species,individual_id\n" * 50)
    data = bytearray(path.read_bytes())
    data[31] = 0xFF  # the first byte of its content: a kind of block that does not exist
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        unpack(path, tmp_path / "to")
    assert not path.exists()


def test_no_space_is_said_before_unpacking(tmp_path: Path, monkeypatch) -> None:
    path = zipped(tmp_path / "a.zip", {"a": b"0123456789"})
    usage = archive.shutil.disk_usage(tmp_path)._replace(free=9)
    monkeypatch.setattr(archive.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"10 bytes.*9 bytes free"):
        unpack(path, tmp_path / "to")
    assert files_below(tmp_path / "to") == {}


def test_inside_keeps_plain_names(tmp_path: Path) -> None:
    assert path_inside(tmp_path, "train_images/a..b.jpg") == tmp_path / "train_images" / "a..b.jpg"
    for name in ("", ".", "a\0b"):
        with pytest.raises(InputError):
            path_inside(tmp_path, name)


def test_place_makes_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    move_into_place(tmp_path / "a", tmp_path / "deep" / "er" / "b")
    assert files_below(tmp_path) == {"deep/er/b": b"1"}


def test_readable_bytes() -> None:
    assert readable_bytes(999) == "999 bytes"
    assert readable_bytes(62_100_000_000) == "62.1 GB"
    assert readable_bytes(1_500) == "1.5 kB"
    assert readable_bytes(2_500_000_000_000) == "2,500.0 GB"
