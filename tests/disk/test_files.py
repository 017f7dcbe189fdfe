from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tf_happywhale.disk import files
from tf_happywhale.disk.files import (
    atomic_write,
    write_csv,
    write_json,
    write_text,
)


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


def test_hidden_files_are_no_data(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "._a.txt", ".a.txt.lock", ".a.12-abcdef.partial.txt"):
        (tmp_path / name).write_text("")
    assert [file.name for file in files.shown(tmp_path.iterdir())] == ["a.txt", "b.txt"]
