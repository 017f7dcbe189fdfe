"""Reuse the shards that another records folder has already.

One more photograph to identify makes a new folder, but most of its shards are the same as before.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tf_happywhale.disk.hashes import MISSING, digest, sha256
from tf_happywhale.records.faulty_photographs import read_list, write_list
from tf_happywhale.records.manifest import (
    DAMAGED_TABLE,
    MANIFEST,
    VERSION,
    Shard,
    is_complete,
)
from tf_happywhale.records.plan import CropFormat
from tf_happywhale.records.shards import ShardJob


def made_from(job: ShardJob, crop_format: CropFormat) -> str:
    """Return a digest of all that a shard depends on except its name, empty if the content of a
    photograph is not known."""
    if any(photograph.content in ("", MISSING) for photograph in job.photographs):
        return ""
    return digest([VERSION, crop_format.__dict__, job.content()])


def reuse_shards(jobs: Iterable[ShardJob], crop_format: CropFormat, home: Path) -> int:
    """Put the shards that finished folders in `home` have already in their places, and return how
    many. They are links if the disk has links, and copies otherwise."""
    known, count = None, 0
    for job in jobs:
        known = _shards_in(home) if known is None else known
        source, shard = known.get(made_from(job, crop_format), (None, None))
        if source is not None and shard.count == len(job.photographs):
            _carry_damage(source.parent / DAMAGED_TABLE, job)
            count += _place(source, shard.sha256, job.file(0))
    return count


def _shards_in(home: Path) -> dict[str, tuple[Path, Shard]]:
    """Return the shards of the finished folders, by what they were made from."""
    found = {}
    for manifest in sorted(home.glob(f"*/{MANIFEST}")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            if is_complete(manifest.parent):
                for line in json.loads(manifest.read_text(encoding="utf-8"))["shards"]:
                    shard = Shard(**line)
                    if shard.made_from:
                        found[shard.made_from] = (manifest.parent / shard.file, shard)
    return found


def _carry_damage(table: Path, job: ShardJob) -> None:
    """List the damaged photographs of a shard as the folder that has it does."""
    rows, images = read_list(table), {p.image for p in job.photographs}
    rows = rows[rows["image"].isin(images) & (rows["split"] == job.split)]
    write_list(job.damaged_file, rows)


def _place(source: Path, wanted: str, target: Path) -> bool:
    """Put a shard in its place; return False if it has changed since it was written."""
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.partial.tfrec")
    try:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
        if sha256(temporary) != wanted:
            return False
        os.replace(temporary, target)
        return True
    except FileNotFoundError:  # deleted meanwhile
        return False
    finally:
        temporary.unlink(missing_ok=True)
