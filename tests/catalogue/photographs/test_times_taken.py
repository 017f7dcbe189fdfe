from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from tests.catalogue.photographs.test_exif_time import photograph
from tf_happywhale.catalogue.photographs.times_taken import contents_and_times
from tf_happywhale.disk.hashes import ContentHashes

TAKEN = "2021:05:13 09:00:03"


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.jpg" for name in ("with", "without", "gone")]
    paths[0].write_bytes(photograph("JPEG", TAKEN))
    paths[1].write_bytes(photograph("JPEG", None))
    return paths


def test_hash_and_time_come_from_one_reading_and_are_remembered(
    photographs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = contents_and_times(photographs, tmp_path / "home")
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in photographs[:2]]
    assert found == ([*hashes, "missing"], ["2021-05-13 09:00:03", "", ""])
    monkeypatch.setattr(ContentHashes, "_read", None)  # a second reading would fail
    assert contents_and_times(photographs, tmp_path / "home") == found
    assert ContentHashes(tmp_path / "home" / "content.json")(photographs[0]) == hashes[0]


@pytest.mark.parametrize("fault", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_may_not_be_written_to_is_looked_at_again(
    photographs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    def refuse(self: ContentHashes) -> None:
        raise OSError(fault, "refused")

    monkeypatch.setattr(ContentHashes, "save", refuse)
    if fault == errno.ENOSPC:
        with pytest.raises(OSError, match="refused"):
            contents_and_times(photographs, tmp_path)
        return
    assert contents_and_times(photographs, tmp_path)[1][0] == "2021-05-13 09:00:03"
