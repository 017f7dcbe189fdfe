from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.numbered_files import add_numbered, add_part, load_parts, numbered


def test_parts_are_numbered_and_found_in_order(tmp_path: Path) -> None:
    for n, name in enumerate("abc"):
        add_part(tmp_path, embed([n], [f"{name}.jpg"], [name]))
    assert [part.image.tolist() for part in load_parts(tmp_path)] == [
        ["a.jpg"],
        ["b.jpg"],
        ["c.jpg"],
    ]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_number_taken_by_another_writer_is_not_replaced(tmp_path: Path) -> None:
    mine = tmp_path / ".mine.json"
    mine.write_text("mine")
    (tmp_path / "change-00001.json").write_text("theirs")  # counted as one file, but it is number 1
    assert add_numbered(mine, tmp_path, "change").name == "change-00002.json"
    assert (tmp_path / "change-00001.json").read_text() == "theirs"


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "part-00001.npz").write_text("")
    with pytest.raises(InputError, match=r"lacks part-00000\.npz"):
        numbered(tmp_path, "part", ".npz")


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_disk_without_hard_links_keeps_parts_too(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuses)
    test_parts_are_numbered_and_found_in_order(tmp_path)
    mine = tmp_path / ".mine.npz"
    mine.write_text("mine")
    (tmp_path / "part-00001.npz").rename(tmp_path / "part-00003.npz")
    before = (tmp_path / "part-00003.npz").read_bytes()
    assert add_numbered(mine, tmp_path, "part").name == "part-00004.npz"
    assert (tmp_path / "part-00003.npz").read_bytes() == before
    assert (tmp_path / "part-00004.npz").read_text() == "mine" and not mine.exists()
