"""Shards that another records folder has already. One more photograph to identify makes a new
folder, but most of its shards are the same as before."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.files import write_csv
from tf_happywhale.disk.hashes import MISSING, digest, sha256
from tf_happywhale.records.manifest import (
    DAMAGED_TABLE,
    MANIFEST,
    VERSION,
    Shard,
    is_complete,
)
from tf_happywhale.records.plan import CropFormat
from tf_happywhale.records.shards import SKIPPED, ShardJob, shard_path


def made_from(job: ShardJob, pixels: CropFormat) -> str:
    """A digest of all that a job's shard depends on, without its name; empty if a photograph's
    content is not known."""
    if any(photograph.content in ("", MISSING) for photograph in job.photographs):
        return ""
    rows = [[p.image, p.content, p.target, p.species, str(p.crops)] for p in job.photographs]
    return digest([VERSION, pixels.__dict__, rows])


def reuse_shards(jobs: Iterable[ShardJob], pixels: CropFormat, home: Path) -> int:
    """Give jobs the shards that finished folders in `home` have already, and return how many. They
    are links if the disk has links, else copies."""
    known, count = None, 0
    for job in jobs:
        known = _shards_in(home) if known is None else known
        source, shard = known.get(made_from(job, pixels), (None, None))
        if source is not None and shard.count == len(job.photographs):
            _carry_damage(source.parent / DAMAGED_TABLE, job)
            count += _place(source, shard.sha256, shard_path(job, 0))
    return count


def _shards_in(home: Path) -> dict[str, tuple[Path, Shard]]:
    """The shards of the finished folders, by what they were made from."""
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
    """List which of a job's photographs are damaged, as the folder of the shard lists them."""
    if table.is_file():
        rows, images = read_text_table(table, SKIPPED), {p.image for p in job.photographs}
        rows = rows[rows["image"].isin(images) & (rows["split"] == job.split)]
        if len(rows):
            write_csv(job.damaged_file, rows)


def _place(source: Path, wanted: str, target: Path) -> bool:
    """Put a shard in its place, if it has not changed since it was written."""
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
