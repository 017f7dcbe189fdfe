"""One shard at a time: which photographs belong into it, and writing it whole."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import tensorflow as tf

from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.files import write_csv, written_as
from tf_happywhale.disk.temporary import temporary_beside, to_disk
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.damage import complaint
from tf_happywhale.pictures.jpeg_region import encode_crop, read_crops
from tf_happywhale.pictures.pixels import read_file
from tf_happywhale.records.example import (
    make_example,
    shard_name,
    shard_stem,
)
from tf_happywhale.records.plan import CropFormat, SourcePhotograph

SKIPPED = ["image", "split", "reason"]  # columns, also for damaged photographs
SKIPPED_ENDING, DAMAGED_ENDING = ".skipped.csv", ".damaged.csv"


@dataclass(frozen=True)
class Record:
    """A photograph, ready to be written.

    Attributes:
        example: the serialized record.
        damage: what its decoder complained of; empty: nothing.
    """

    example: bytes
    damage: str = ""


@dataclass(frozen=True)
class ShardJob:
    """A shard to be written: the photographs of one split and fold, or a part of them."""

    folder: Path
    dataset: str
    split: str
    fold: int
    part: int
    photographs: list[SourcePhotograph]

    @property
    def stem(self) -> str:
        """The shard's name without its count."""
        return shard_stem(self.dataset, self.split, self.fold, self.part)

    @property
    def skipped_file(self) -> Path:
        """Where those of its photographs are listed that cannot be read, until all is finished."""
        return self.folder / f".{self.stem}{SKIPPED_ENDING}"

    @property
    def damaged_file(self) -> Path:
        """The list of the damaged photographs."""
        return self.folder / f".{self.stem}{DAMAGED_ENDING}"


def make_jobs(
    folder: Path, dataset: str, photographs: Iterable[SourcePhotograph], shard_images: int
) -> list[ShardJob]:
    """Each split and fold dealt out in turn to as few shards as hold at most `shard_images`."""
    groups: dict[tuple[str, int], list[SourcePhotograph]] = defaultdict(list)
    for photograph in photographs:
        groups[photograph.split, photograph.fold].append(photograph)
    jobs = []
    for (split, fold), group in sorted(groups.items()):
        parts = -(-len(group) // shard_images)
        jobs += [ShardJob(folder, dataset, split, fold, n, group[n::parts]) for n in range(parts)]
    return jobs


def make_record(photograph: SourcePhotograph, pixels: CropFormat) -> Record | InputError:
    """The record of a photograph, or why there is none."""
    try:
        encoded = read_file(photograph.path)
        pictures = read_crops(
            encoded, list(photograph.crops.values()), pixels.size, str(photograph.path)
        )
        primary, *more = (encode_crop(picture, pixels.quality) for picture in pictures)
    except InputError as error:
        return error
    further = dict(zip(list(photograph.crops)[1:], more, strict=True))
    example = make_example(
        photograph.image, primary, photograph.target, photograph.species, further
    )
    return Record(example, complaint(encoded))


def write_shard(job: ShardJob, records: Iterable[Record | InputError]) -> None:
    """Write a job's shard from the record of each of its photographs. Those without a record are
    listed, and those that are damaged.

    A shard that exists is whole, and its lists were written before it.
    """
    whole = job.folder / f"{job.stem}.tfrec"  # with the count, which is not known yet
    temporary, skipped, damaged = temporary_beside(whole), [], []
    with written_as(whole, temporary):
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for photograph, record in zip(job.photographs, records, strict=True):
                which = (photograph.image, photograph.split)
                if isinstance(record, InputError):
                    skipped.append((*which, str(record)))
                    continue
                writer.write(record.example)
                if record.damage:
                    damaged.append((*which, record.damage))
        for earlier in job.folder.glob(f"{job.stem}-*.tfrec"):  # of another count
            earlier.unlink()
        for file, rows in ((job.skipped_file, skipped), (job.damaged_file, damaged)):
            file.unlink(missing_ok=True)
            if rows:
                write_csv(file, pd.DataFrame(rows, columns=SKIPPED))
        to_disk(temporary)
        os.replace(temporary, shard_path(job, len(skipped)))


def read_skipped(job: ShardJob) -> pd.DataFrame:
    """The photographs that a written shard lacks, with the reasons."""
    return _listed(job.skipped_file)


def read_damaged(job: ShardJob) -> pd.DataFrame:
    """The photographs of a written shard that are damaged, with what is wrong."""
    return _listed(job.damaged_file)


def shard_path(job: ShardJob, skipped: int) -> Path:
    """The file of a job's shard that lacks so many of its photographs."""
    count = len(job.photographs) - skipped
    return job.folder / shard_name(job.dataset, job.split, job.fold, job.part, count)


def _listed(file: Path) -> pd.DataFrame:
    if file.is_file():
        return read_text_table(file, SKIPPED)
    return pd.DataFrame(columns=SKIPPED, dtype=object)
