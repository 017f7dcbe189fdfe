"""Write TFRecords from photographs: upright, cropped, squashed to a square, in shards by fold.

If you stop the writer, run the same command again: it checks that labels, folds and pixels are
unchanged, writes the missing shards, and produces exactly the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

import pandas as pd
from tqdm import tqdm

from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.files import write_text
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError
from tf_happywhale.records.beam import write_with_beam
from tf_happywhale.records.faulty_photographs import (
    DAMAGED_ENDING,
    SKIPPED_ENDING,
    SKIPPED_TABLE,
    is_written,
    read_list,
    unreadable,
    write_list,
)
from tf_happywhale.records.manifest import (
    DAMAGED_TABLE,
    MARKER,
    VERSION,
    Shard,
    finish,
)
from tf_happywhale.records.plan import RecordsPlan
from tf_happywhale.records.reuse import made_from, reuse_shards
from tf_happywhale.records.shards import ShardJob, make_jobs, make_record, write_shard

PLAN = "plan.sha256"  # of what the shards in the folder were written from
AHEAD = 4  # photographs that each worker may be ahead of the shard that is being written


def write_records(
    plan: RecordsPlan,
    *,
    shard_images: int,
    made_by: dict,
    skip_unreadable: bool = False,
    beam_options: list[str] | None = None,
) -> bool:
    """Write the missing shards, the manifest and the marker; return False if all is there already.

    Args:
        plan: what to write, how, and where.
        shard_images: largest number of images in a shard.
        made_by: the config that asked for it, which the manifest keeps.
        skip_unreadable: finish although photographs cannot be read. `skipped.csv` lists them.
        beam_options: write with Apache Beam and these options; None: with this machine's threads.

    Raises:
        InputError: photographs cannot be read (`skipped.csv` says which and why) or were changed
            meanwhile, or another process is writing the same folder.
    """
    folder = plan.folder
    if is_written(folder, skip_unreadable=skip_unreadable):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    jobs = make_jobs(folder, plan.dataset, plan.photographs, shard_images)
    with locked(folder, "writing"):
        _remove_outdated(plan, jobs)
        missing = _missing_after_reuse(plan, jobs, again=not skip_unreadable)
        if beam_options is None:
            _write_here(plan, missing)
        else:
            write_with_beam(missing, plan.crop_format, beam_options)
        _remove_changed(plan, missing)
        _finish(plan, jobs, made_by, skip_unreadable=skip_unreadable)
    return True


def _remove_outdated(plan: RecordsPlan, jobs: list[ShardJob]) -> None:
    """Remove the marker, unfinished files, and shards that were made from other labels, folds or
    pixels."""
    content = [[job.stem, job.content()] for job in jobs]
    stamp = digest([plan.crop_format.__dict__, plan.dataset, content])
    (plan.folder / MARKER).unlink(missing_ok=True)
    known = plan.folder / PLAN
    same = known.is_file() and known.read_text(encoding="utf-8").strip() == stamp
    for path in plan.folder.iterdir():
        stale = not same and path.name.endswith((".tfrec", SKIPPED_ENDING, DAMAGED_ENDING))
        if stale or ".partial" in path.suffixes:
            path.unlink()
    write_text(known, stamp + "\n")


def _missing_after_reuse(plan: RecordsPlan, jobs: list[ShardJob], *, again: bool) -> list[ShardJob]:
    """Take the shards that another folder has, and return those that are still missing.

    Args:
        plan, jobs: what to write.
        again: also return the shards whose photographs could not all be read.
    """
    missing = [job for job in jobs if _is_missing(job, again=again)]
    reuse_shards(missing, plan.crop_format, plan.folder.parent)
    return [job for job in missing if _is_missing(job, again=again)]


def _is_missing(job: ShardJob, *, again: bool) -> bool:
    skipped = read_list(job.skipped_file)
    return (again and len(skipped) > 0) or not job.file(len(skipped)).is_file()


def _write_here(plan: RecordsPlan, jobs: list[ShardJob]) -> None:
    """Write the shards one after the other, with all cores, and show a progress bar."""
    total, left = len(plan.photographs), sum(len(job.photographs) for job in jobs)
    workers = usable_cores()
    with (
        tqdm(total=total, initial=total - left, desc="writing TFRecords", unit="img") as progress,
        ThreadPoolExecutor(workers) as pool,
    ):
        photographs = (photograph for job in jobs for photograph in job.photographs)
        make = partial(make_record, crop_format=plan.crop_format)
        records = _in_order(pool, make, photographs, AHEAD * workers)
        for job in jobs:
            write_shard(job, _counted(islice(records, len(job.photographs)), progress))


def _in_order(pool: ThreadPoolExecutor, work: Callable, things: Iterable, ahead: int) -> Iterator:
    """Yield the result of `work` for each thing, in order; at most `ahead` of them wait."""
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


def _remove_changed(plan: RecordsPlan, written: list[ShardJob]) -> None:
    """Remove the shards whose photographs were changed after the plan looked at them: they would
    count as made from the photographs of before.

    Raises:
        InputError: there are some.
    """
    changed = []
    for job in written if plan.hashes else []:
        gone = [p.path for p in job.photographs if plan.hashes(p.path) != p.content]
        for shard in job.folder.glob(f"{job.stem}-*.tfrec") if gone else []:
            shard.unlink()
        changed += gone
    if changed:
        more = f" and {len(changed) - 1} more photographs were" if changed[1:] else " was"
        raise InputError(
            f"{changed[0]}{more} changed while TFRecords were written: run this again when nothing "
            "changes the photographs any more."
        )


def _finish(
    plan: RecordsPlan, jobs: list[ShardJob], made_by: dict, *, skip_unreadable: bool
) -> None:
    """Write the tables, the manifest and the marker, and remove the lists of the shards.

    Raises:
        InputError: photographs cannot be read, and that is not allowed.
    """
    folder, lists = plan.folder, [read_list(job.skipped_file) for job in jobs]
    skipped = pd.concat(lists, ignore_index=True)
    shards = [_shard(job, len(own), plan) for job, own in zip(jobs, lists, strict=True)]
    write_list(folder / DAMAGED_TABLE, pd.concat([read_list(job.damaged_file) for job in jobs]))
    write_list(folder / SKIPPED_TABLE, skipped)
    if len(skipped) and not skip_unreadable:
        raise unreadable(folder)
    description = {
        "schema": VERSION,
        "dataset": plan.dataset,
        "size": plan.crop_format.size,
        "quality": plan.crop_format.quality,
        "sources": list(plan.crop_format.sources),
        "individuals": plan.individuals,
        "skipped": {
            split: list(skipped["image"][skipped["split"] == split]) for split in ("train", "test")
        },
        "made_by": made_by,
    }
    finish(folder, description, [shard for shard in shards if shard.count])
    for job in jobs:
        job.skipped_file.unlink(missing_ok=True)
        job.damaged_file.unlink(missing_ok=True)
        job.file(len(job.photographs)).unlink(missing_ok=True)  # a shard without any image


def _shard(job: ShardJob, skipped: int, plan: RecordsPlan) -> Shard:
    """Return a written shard as a line of the manifest."""
    path, whole = job.file(skipped), "" if skipped else made_from(job, plan.crop_format)
    count = len(job.photographs) - skipped
    return Shard(path.name, job.split, job.fold, count, sha256(path), whole)
