from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError


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
