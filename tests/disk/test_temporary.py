from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tf_happywhale.disk import files, temporary
from tf_happywhale.disk.files import atomic_write, restore_folder, write_text
from tf_happywhale.disk.temporary import DAY, HERE, sweep, temporary_beside


@pytest.fixture(autouse=True)
def not_swept_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary, "_swept", set())


def left_by(process: int, folder: Path, machine: str = f"-{HERE}") -> Path:
    file = folder / f".table.{process}{machine}.partial.csv"
    file.write_text("half")
    return file


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_process_has_left_is_removed_and_a_running_ones_stays(
    tmp_path: Path, gone: int
) -> None:
    theirs, running = left_by(gone, tmp_path), left_by(os.getppid(), tmp_path)
    folder = tmp_path / f".export.{gone}-{HERE}.partial"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_text("half")
    write_text(tmp_path / "another.txt", "whole")
    assert not theirs.exists()
    assert not folder.exists()
    assert running.exists()


def test_what_another_machine_has_left_goes_after_a_day(tmp_path: Path, gone: int) -> None:
    files = [left_by(gone, tmp_path, machine) for machine in ("-abcdef", "")]
    sweep(tmp_path)
    assert all(file.exists() for file in files)
    temporary._swept.clear()
    for file in files:
        os.utime(file, (time.time() - 2 * DAY,) * 2)
    sweep(tmp_path)
    assert not any(file.exists() for file in files)


def test_no_file_of_a_person_is_taken_for_one_of_ours(tmp_path: Path) -> None:
    names = ["a.partial.csv", ".a.partial", ".hidden", ".12.csv", "x.99999-abcdef.partial.csv"]
    for name in names:
        (tmp_path / name).write_text("mine")
        os.utime(tmp_path / name, (0, 0))
    sweep(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(names)


def test_the_temporary_name_keeps_all_endings_and_fits_where_the_name_fits(tmp_path: Path) -> None:
    assert temporary_beside(tmp_path / "best.weights.h5").name.endswith(".partial.weights.h5")
    for name in ("é" * 120 + ".jpg", "a." * 120 + "jpg", ".unpacked.json", "folder"):
        write_text(tmp_path / name, "whole")
        assert (tmp_path / name).read_text() == "whole"


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    for words in ("old", "new"):
        with atomic_write(tmp_path / "folder") as making:
            making.mkdir()
            (making / words).write_text(words)
            assert (tmp_path / "folder" / "old").exists() == (words == "new")
    assert [file.name for file in (tmp_path / "folder").iterdir()] == ["new"]
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_a_folder_that_cannot_be_replaced_comes_back(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").write_text("old")

    def fail(source: Path, target: Path) -> None:
        if ".partial" in Path(source).name:
            raise OSError(errno.EIO, "no")
        os.rename(source, target)

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError), atomic_write(tmp_path / "folder") as making:
        making.mkdir()
    assert (tmp_path / "folder" / "old").read_text() == "old"


def test_a_folder_comes_back_whose_replacement_was_killed(tmp_path: Path) -> None:
    (tmp_path / ".folder.before").mkdir()
    restore_folder(tmp_path / "folder")
    assert (tmp_path / "folder").is_dir()


def test_content_is_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch) -> None:
    done = []
    monkeypatch.setattr(temporary.os, "fsync", lambda descriptor: done.append("content"))
    monkeypatch.setattr(files.os, "replace", lambda *_: done.append("name"))
    write_text(tmp_path / "a.csv", "")
    assert done == ["content", "name"]


@pytest.mark.parametrize(
    ("number", "fails"), [(errno.EIO, True), (errno.EINVAL, False), (errno.ENOTSUP, False)]
)
def test_a_disk_that_cannot_be_asked_is_no_fault(tmp_path, monkeypatch, number, fails) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(temporary.os, "fsync", refuse)
    try:
        write_text(tmp_path / "a.csv", "")
    except OSError as error:
        assert error.filename == str(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").exists() is not fails


def test_a_clean_up_that_fails_does_not_hide_what_went_wrong_first(tmp_path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "a") as making:
        making.write_text("half")
        raise ZeroDivisionError
