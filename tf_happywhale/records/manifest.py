"""The records folder: shards, their manifest, and the marker without which nobody reads them."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tf_happywhale.catalogue.kaggle.tfrecord_index import compression
from tf_happywhale.disk.files import write_json, write_text
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import HappywhaleError, InputError

MANIFEST = "manifest.json"
MARKER = "COMPLETE"
DAMAGED_TABLE = "damaged.csv"  # photographs that were written although a part is missing
VERSION = 2  # of what is in an example, and how its pixels were made
COMMUNITY = "community"  # the schema of foreign shards, which lie elsewhere


@dataclass(frozen=True)
class Shard:
    """Line of the manifest."""

    file: str  # in the records folder; a path from the root for a foreign one
    split: str  # train or test
    fold: int  # of its images when it was written; the catalogue's own folds win when read
    count: int
    sha256: str  # empty for a foreign one
    made_from: str = ""  # a digest of photographs, boxes and labels; empty if it is not known


def finish(folder: Path, description: dict, shards: list[Shard]) -> None:
    """Write the manifest and, last of all, the completion marker."""
    manifest = {**description, "shards": [asdict(shard) for shard in shards]}
    write_json(folder / MANIFEST, manifest)
    write_text(folder / MARKER, sha256(folder / MANIFEST) + "\n")


def is_complete(folder: Path) -> bool:
    """Return whether a writer has finished this folder, its manifest is the one it wrote, and every
    shard is there.
    """
    marker, manifest = folder / MARKER, folder / MANIFEST
    if not (marker.is_file() and manifest.is_file()):
        return False
    if marker.read_text(encoding="utf-8").strip() != sha256(manifest):
        return False
    shards = json.loads(manifest.read_text(encoding="utf-8"))["shards"]
    return all((folder / shard["file"]).is_file() for shard in shards)


def read_manifest(folder: Path) -> dict:
    """Return the manifest of a finished folder, its `shards` as Shard objects.

    Raises:
        InputError: the folder is missing, unfinished, or lacks a shard.
    """
    if not is_complete(folder):
        raise InputError(
            f"{folder} holds no finished TFRecords: run `python -m tf_happywhale.tfrecords write` "
            "with the same config."
        )
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["shards"] = [Shard(**shard) for shard in manifest["shards"]]
    return manifest


def shards_of(manifest: dict, split: str) -> list[Shard]:
    """Return the shards of a split (train or test), in the order in which they are read."""
    return [shard for shard in manifest["shards"] if shard.split == split]


def skipped_images(folder: Path) -> set[tuple[str, str]]:
    """Return the split (train or test) and name of the images that a finished folder was written
    without. Return none for an unfinished folder.
    """
    if not is_complete(folder):
        return set()
    skipped = read_manifest(folder)["skipped"]
    if isinstance(skipped, list):  # of an earlier version, which did not keep the split
        skipped = {"train": skipped, "test": skipped}
    return {(split, image) for split, images in skipped.items() for image in images}


def same_training(folder: Path) -> list[str]:
    """Return the names of the finished folders next to a records folder, its own the first, that
    hold the same training examples, byte for byte.
    """
    own, found = _training(folder), [folder.name]
    for manifest in sorted(folder.parent.glob(f"*/{MANIFEST}")) if own else []:
        if manifest.parent != folder and _training(manifest.parent) == own:
            found.append(manifest.parent.name)
    return found


def _training(folder: Path) -> list | None:
    """Return what tells a finished folder's training examples from others; None if nothing does."""
    with suppress(HappywhaleError, OSError, ValueError, KeyError, TypeError):
        manifest = read_manifest(folder)
        shards = [shard for shard in manifest["shards"] if shard.split == "train"]
        if all(shard.sha256 for shard in shards):
            rows = [(shard.fold, shard.count, shard.sha256) for shard in shards]
            return [manifest["sources"], rows]
    return None


def verify(folder: Path) -> Counter:
    """Check every shard against the manifest, and return the number of images of each split.

    Raises:
        InputError: a shard's content is not what was written.
    """
    counts: Counter = Counter()
    for shard in read_manifest(folder)["shards"]:
        if not _is_whole(folder / shard.file, shard):
            cure = "delete it and write again" if shard.sha256 else "download it again"
            raise InputError(f"{folder / shard.file} is damaged: {cure}.")
        counts[shard.split] += shard.count
    return counts


def _is_whole(path: Path, shard: Shard) -> bool:
    """Return whether a shard is as it was written, or a foreign one's records are whole and as many
    as its name says.
    """
    if shard.sha256:
        return sha256(path) == shard.sha256
    import tensorflow as tf  # its reader compares the checksum of every record

    try:
        records = tf.data.TFRecordDataset(str(path), compression_type=compression(path))
        return sum(1 for _ in records) == shard.count
    except tf.errors.DataLossError:
        return False
