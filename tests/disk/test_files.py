from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from pathlib import Path

import pandas as pd
import pytest

from tf_happywhale.disk import files
from tf_happywhale.disk.files import (
    ContentHashes,
    atomic_write,
    digest,
    locked,
    sha256,
    write_csv,
    write_json,
    write_text,
)
from tf_happywhale.errors import InputError


def test_a_file_appears_whole_when_the_body_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    with atomic_write(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.parent == path.parent
        assert temporary.suffix == ".csv"
    assert path.read_text() == "whole"
    assert [file.name for file in path.parent.iterdir()] == ["table.csv"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_when_the_body_raises_the_old_file_stays_and_nothing_else(tmp_path: Path, error) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail() -> None:
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_a_half_written_folder_is_removed(tmp_path: Path) -> None:
    def fail() -> None:
        with atomic_write(tmp_path / "folder") as temporary:
            temporary.mkdir()
            (temporary / "half").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_raises_before_writing_says_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "file"):
        raise ZeroDivisionError


def test_text_json_and_csv_are_utf8_with_plain_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "text", "île\n")
    assert (tmp_path / "text").read_bytes() == "île\n".encode()
    write_json(tmp_path / "json", {"b": 1, "a": "île"})
    assert (tmp_path / "json").read_bytes() == '{\n  "a": "île",\n  "b": 1\n}\n'.encode()
    write_csv(tmp_path / "csv", pd.DataFrame({"image": ["é.jpg"], "id": ["09913"]}))
    assert (tmp_path / "csv").read_bytes() == "image,id\né.jpg,09913\n".encode()


def test_json_that_no_other_reader_takes_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, {"loss": 1.0})
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"loss": float("nan")})
    assert path.read_bytes() == before


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()


def test_content_hashes_notice_changed_content(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"one")
    os.utime(path, ns=(10**18, 10**18))
    hashes = ContentHashes(tmp_path / "cache.json")
    assert hashes(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"two")  # as long, but later
    os.utime(path, ns=(10**18, 10**18 + 1))
    assert hashes(path) == hashlib.sha256(b"two").hexdigest()
    path.write_bytes(b"longer")  # at the same time, but longer
    os.utime(path, ns=(10**18, 10**18 + 1))
    assert hashes(path) == hashlib.sha256(b"longer").hexdigest()
    path.unlink()
    assert hashes(path) == "missing"


def test_content_hashes_read_an_unchanged_file_once(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"one")
    first = ContentHashes(tmp_path / "cache.json")
    known = first(path)
    first.save()
    monkeypatch.setattr(files, "sha256", lambda path: pytest.fail("read again"))
    assert first(path) == known
    assert ContentHashes(tmp_path / "cache.json")(path) == known


def test_content_hashes_notice_another_file_of_the_same_name_size_and_date(tmp_path: Path) -> None:
    path, hashes = tmp_path / "picture.jpg", ContentHashes(tmp_path / "cache.json")
    path.write_bytes(b"one")
    os.utime(path, ns=(10**18, 10**18))
    assert hashes(path) == hashlib.sha256(b"one").hexdigest()
    known = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == known:  # a tick of the disk's clock
        path.write_bytes(b"two")
        os.utime(path, ns=(10**18, 10**18))
    assert hashes(path) == hashlib.sha256(b"two").hexdigest()


def test_what_cannot_be_opened_has_no_hash_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "picture.jpg").mkdir()
    hashes = ContentHashes(tmp_path / "cache.json")
    assert hashes(tmp_path / "picture.jpg") == "missing"
    assert hashes(tmp_path / "picture.jpg" / "below.jpg") == "missing"
    (tmp_path / "file").write_bytes(b"abc")
    assert hashes(tmp_path / "file" / "below.jpg") == "missing"


def test_a_broken_cache_of_hashes_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "cache.json").write_text('{"half')
    (tmp_path / "file").write_bytes(b"abc")
    hashes = ContentHashes(tmp_path / "cache.json")
    assert hashes(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()


def test_a_digest_is_the_same_for_equal_values_only() -> None:
    assert digest({"a": 1, "b": [2, "x"]}) == digest({"b": (2, "x"), "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest({"root": Path("x")}) == digest({"root": "x"})


def test_one_writer_at_a_time_holds_a_folder_by_whatever_name(tmp_path: Path) -> None:
    """The lock is inside the folder: a link to it has the same."""
    folder, link = tmp_path / "whales", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    said = r"^Another process is changing .*link: wait until it has finished\.$"
    with locked(folder, "changing", inside=True):
        again = locked(link, "changing", inside=True)
        with pytest.raises(InputError, match=said), again:
            pass
    with locked(link, "changing", inside=True):
        pass


@pytest.mark.parametrize("code", [errno.ENOTSUP, errno.ENOLCK])
def test_a_disk_without_locks_has_one_writer_at_a_time_too(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuses)
    with locked(tmp_path, "changing", inside=True):
        again = locked(tmp_path, "changing", inside=True)
        with pytest.raises(InputError, match="Another process is"), again:
            pass
    with locked(tmp_path, "changing", inside=True):
        pass


def test_hidden_files_are_no_data(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "._a.txt", ".a.txt.lock", ".a.12-abcdef.partial.txt"):
        (tmp_path / name).write_text("")
    assert [file.name for file in files.shown(tmp_path.iterdir())] == ["a.txt", "b.txt"]
