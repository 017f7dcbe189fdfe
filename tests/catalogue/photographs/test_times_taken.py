from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path

import pytest

from tests.catalogue.photographs.test_exif_time import photograph
from tf_happywhale.catalogue.photographs.times_taken import contents_and_facts
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
    found = contents_and_facts(photographs, tmp_path / "home")
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in photographs[:2]]
    assert found[0] == [*hashes, "missing"]
    assert [told.date for told in found[1]] == ["2021-05-13 09:00:03", "", ""]
    monkeypatch.setattr(ContentHashes, "_read", None)  # a second reading would fail
    assert contents_and_facts(photographs, tmp_path / "home") == found
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
            contents_and_facts(photographs, tmp_path)
        return
    assert contents_and_facts(photographs, tmp_path)[1][0].taken == TAKEN


def test_a_memory_of_times_alone_is_completed_and_nothing_of_it_is_misread(
    photographs: list[Path], tmp_path: Path
) -> None:
    """As an earlier version left it: hash and time."""
    known = {}
    for path, time in zip(photographs[:2], (TAKEN, ""), strict=True):
        status = path.stat()
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        known[str(path)] = [*stamp, content, time]
    known["gone.jpg"] = [1, 2, 3, "hash", "2020:01:02 03:04:05"]
    file = tmp_path / "home" / "content.json"
    file.parent.mkdir()
    file.write_text(json.dumps(known))
    contents, told = contents_and_facts(photographs[:2], tmp_path / "home")
    assert contents == [known[str(path)][3] for path in photographs[:2]]
    assert [(one.taken, one.camera) for one in told] == [
        (TAKEN, "A camera of the harbour"), ("", "A camera of the harbour")
    ]  # fmt: skip
    now = json.loads(file.read_text())
    assert now["gone.jpg"] == known["gone.jpg"]
    # An earlier version reads the hash and the time where it left them.
    assert [now[str(path)][3:5] for path in photographs[:2]] == [
        known[str(path)][3:5] for path in photographs[:2]
    ]
