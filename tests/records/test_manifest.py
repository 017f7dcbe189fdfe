from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.records import manifest as folder_module
from tf_happywhale.records.manifest import (
    MANIFEST,
    MARKER,
    Shard,
    finish,
    is_complete,
    read_manifest,
    verify,
)


def shard(folder: Path, split: str, fold: int, count: int) -> Shard:
    path = folder / f"pod-{split}-f{fold}-s000-{count}.tfrec"
    path.write_bytes(path.name.encode())
    return Shard(path.name, split, fold, count, sha256(path))


@pytest.fixture
def shards(tmp_path: Path) -> list[Shard]:
    made = [
        shard(tmp_path, "train", 0, 5),
        shard(tmp_path, "train", 1, 4),
        shard(tmp_path, "test", 0, 3),
    ]
    finish(tmp_path, {"schema": 1, "dataset": "île"}, made)
    return made


def test_a_finished_folder_is_read_as_it_was_described(tmp_path: Path, shards) -> None:
    assert is_complete(tmp_path)
    assert read_manifest(tmp_path) == {"schema": 1, "dataset": "île", "shards": shards}


def test_verify_counts_the_images_of_each_split(tmp_path: Path, shards) -> None:
    assert dict(verify(tmp_path)) == {"train": 9, "test": 3}


@pytest.mark.parametrize("missing", [MARKER, MANIFEST, "pod-train-f1-s000-4.tfrec"])
def test_a_folder_without_one_of_its_files_is_refused(tmp_path: Path, shards, missing) -> None:
    (tmp_path / missing).unlink()
    assert not is_complete(tmp_path)
    for use in (read_manifest, verify):
        with pytest.raises(InputError, match=r"no finished TFRecords: run .*tfrecords write"):
            use(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished TFRecords"):
        read_manifest(tmp_path / "absent")


def test_a_manifest_other_than_the_marked_one_is_refused(tmp_path: Path, shards) -> None:
    path = tmp_path / MANIFEST
    path.write_text(path.read_text().replace('"count": 5', '"count": 6'))
    assert not is_complete(tmp_path)


def test_verify_names_a_damaged_shard(tmp_path: Path, shards) -> None:
    path = tmp_path / shards[1].file
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"pod-train-f1-s000-4\.tfrec is damaged"):
        verify(tmp_path)


def test_the_marker_is_written_after_everything_else(tmp_path: Path, monkeypatch) -> None:
    def interrupted(path: Path, text: str) -> None:
        assert path.name == MARKER
        raise KeyboardInterrupt

    monkeypatch.setattr(folder_module, "write_text", interrupted)
    made = [shard(tmp_path, "train", 0, 5)]
    with pytest.raises(KeyboardInterrupt):
        finish(tmp_path, {}, made)
    assert (tmp_path / MANIFEST).is_file()
    assert not is_complete(tmp_path)
