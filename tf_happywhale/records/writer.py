"""Photographs to TFRecords: upright, cropped, squashed to a square, in shards by fold.

A writer that was stopped resumes with the shards that are missing, and what it leaves is the same
to the byte as if it had not been.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.files import write_csv, write_text
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError
from tf_happywhale.records.manifest import (
    DAMAGED_TABLE,
    MARKER,
    VERSION,
    Shard,
    finish,
    is_complete,
    skipped_images,
)
from tf_happywhale.records.plan import CropFormat, RecordsPlan
from tf_happywhale.records.reuse import made_from, reuse_shards
from tf_happywhale.records.shards import (
    DAMAGED_ENDING,
    SKIPPED,
    SKIPPED_ENDING,
    ShardJob,
    make_jobs,
    make_record,
    read_damaged,
    read_skipped,
    shard_path,
    write_shard,
)

PLAN = "plan.sha256"  # of what the shards in the folder were written from
SKIPPED_TABLE = "skipped.csv"
AHEAD = 4  # photographs a worker may be ahead of the shard that is being written


def write_records(
    plan: RecordsPlan,
    *,
    shard_images: int,
    made_by: dict,
    skip_unreadable: bool = False,
    beam_options: list[str] | None = None,
) -> bool:
    """Write the missing shards, the manifest and the marker; False where all is there already.

    Args:
        plan: what to write, how, and where; each fold is dealt out to its shards in turn.
        shard_images: largest number of images in a shard.
        made_by: the config that asked for it, kept in the manifest.
        skip_unreadable: finish although photographs cannot be read, which `skipped.csv` lists.
        beam_options: write with Apache Beam, whose options these are, instead of this machine's
            threads.

    Raises:
        InputError: photographs cannot be read (`skipped.csv` says which and why), or another
            process is writing the same folder.
    """
    folder = plan.folder
    if is_complete(folder):
        if skipped_images(folder) and not skip_unreadable:
            raise _unreadable(folder)
        return False
    folder.mkdir(parents=True, exist_ok=True)
    jobs = make_jobs(folder, plan.dataset, plan.photographs, shard_images)
    with locked(folder, "writing"):
        _start(folder, digest([plan.pixels.__dict__, plan.dataset, [_row(job) for job in jobs]]))
        missing = [job for job in jobs if _is_missing(job, again=not skip_unreadable)]
        if reuse_shards(missing, plan.pixels, folder.parent):
            missing = [job for job in jobs if _is_missing(job, again=not skip_unreadable)]
        if beam_options is None:
            _write_here(plan, missing, len(plan.photographs))
        else:
            from tf_happywhale.records.beam import write_with_beam

            write_with_beam(missing, plan.pixels, beam_options)
        shards, skipped = _collect(jobs, plan.pixels)
        _write_or_remove(folder / DAMAGED_TABLE, pd.concat(map(read_damaged, jobs)))
        _list_skipped(folder, skipped, allowed=skip_unreadable)
        description = {
            "schema": VERSION,
            "dataset": plan.dataset,
            "size": plan.pixels.size,
            "quality": plan.pixels.quality,
            "sources": list(plan.pixels.sources),
            "individuals": plan.individuals,
            "skipped": {
                split: list(skipped["image"][skipped["split"] == split])
                for split in ("train", "test")
            },
            "made_by": made_by,
        }
        finish(folder, description, shards)
        for job in jobs:
            job.skipped_file.unlink(missing_ok=True)
            job.damaged_file.unlink(missing_ok=True)
            shard_path(job, len(job.photographs)).unlink(missing_ok=True)  # one without any image
    return True


def _write_here(plan: RecordsPlan, jobs: list[ShardJob], total: int) -> None:
    """Write the shards with all cores, one after the other, behind a progress bar."""
    left = sum(len(job.photographs) for job in jobs)
    workers = usable_cores()
    with (
        tqdm(total=total, initial=total - left, desc="writing TFRecords", unit="img") as progress,
        ThreadPoolExecutor(workers) as pool,
    ):
        photographs = (photograph for job in jobs for photograph in job.photographs)
        make = partial(make_record, pixels=plan.pixels)
        records = _in_order(pool, make, photographs, AHEAD * workers)
        for job in jobs:
            write_shard(job, _counted(islice(records, len(job.photographs)), progress))


def _in_order(pool: ThreadPoolExecutor, work: Callable, things: Iterable, ahead: int) -> Iterator:
    """The result of `work` for each thing, in order; at most `ahead` of them wait."""
    waiting: deque = deque()
    for thing in things:
        waiting.append(pool.submit(work, thing))
        if len(waiting) == ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _counted(records: Iterable, progress: tqdm) -> Iterator:
    for record in records:
        yield record
        progress.update()


def _start(folder: Path, plan: str) -> None:
    """Take away what nobody may read: the marker, and shards that were written from other labels
    or folds, or not to the end."""
    (folder / MARKER).unlink(missing_ok=True)
    known = folder / PLAN
    same = known.is_file() and known.read_text(encoding="utf-8").strip() == plan
    for path in folder.iterdir():
        stale = not same and path.name.endswith((".tfrec", SKIPPED_ENDING, DAMAGED_ENDING))
        if stale or ".partial" in path.suffixes:
            path.unlink()
    write_text(known, plan + "\n")


def _row(job: ShardJob) -> list:
    rows = [[p.image, p.content, p.target, p.species, str(p.crops)] for p in job.photographs]
    return [job.stem, rows]


def _is_missing(job: ShardJob, *, again: bool) -> bool:
    """Whether a shard has to be written; `again` also where photographs could not be read."""
    skipped = read_skipped(job)
    return (again and len(skipped) > 0) or not shard_path(job, len(skipped)).is_file()


def _collect(jobs: list[ShardJob], pixels: CropFormat) -> tuple[list[Shard], pd.DataFrame]:
    """All shards that hold an image, and the photographs that cannot be read."""
    shards, lists = [], [read_skipped(job) for job in jobs]
    for job, skipped in zip(jobs, lists, strict=True):
        path, count = shard_path(job, len(skipped)), len(job.photographs) - len(skipped)
        if count:
            whole = made_from(job, pixels) if skipped.empty else ""
            shards.append(Shard(path.name, job.split, job.fold, count, sha256(path), whole))
    return shards, pd.concat(lists, ignore_index=True)


def _list_skipped(folder: Path, skipped: pd.DataFrame, *, allowed: bool) -> None:
    _write_or_remove(folder / SKIPPED_TABLE, skipped)
    if len(skipped) and not allowed:
        raise _unreadable(folder)


def _write_or_remove(path: Path, table: pd.DataFrame) -> None:
    """Write a table if it has rows; without rows there is no file."""
    if table.empty:
        path.unlink(missing_ok=True)
    else:
        write_csv(path, table)


def _unreadable(folder: Path) -> InputError:
    table = folder / SKIPPED_TABLE
    reasons = read_text_table(table, SKIPPED)["reason"]
    first, count = reasons.iloc[0], len(reasons)
    which = f"{count} photographs cannot be read, the first" if count > 1 else "A photograph"
    return InputError(
        f"{which}: {first.rstrip('.')}. {table} lists them: mend them, or continue without by "
        "records.skip_unreadable=true."
    )
