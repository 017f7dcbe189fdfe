"""Shards to be written: which photographs each holds, and how one shard is written whole."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from tf_happywhale.disk.files import written_as
from tf_happywhale.disk.temporary import temporary_beside, to_disk
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.damage import complaint
from tf_happywhale.pictures.jpeg_region import encode_crop, read_crops
from tf_happywhale.pictures.pixels import read_file
from tf_happywhale.records.example import make_example
from tf_happywhale.records.faulty_photographs import DAMAGED_ENDING, SKIPPED_ENDING, write_list
from tf_happywhale.records.plan import CropFormat, SourcePhotograph


@dataclass(frozen=True)
class Record:
    """A photograph that is ready to be written.

    Attributes:
        example: the serialized example.
        damage: what the decoder complained of; empty if it did not complain.
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
        """The shard's file name without its count."""
        return f"{self.dataset}-{self.split}-f{self.fold}-s{self.part:03d}"

    @property
    def skipped_file(self) -> Path:
        """The list of its photographs that cannot be read. It is there until all is finished."""
        return self.folder / f".{self.stem}{SKIPPED_ENDING}"

    @property
    def damaged_file(self) -> Path:
        """The list of its damaged photographs. It is there until all is finished."""
        return self.folder / f".{self.stem}{DAMAGED_ENDING}"

    def file(self, skipped: int) -> Path:
        """Return the shard's file if `skipped` of its photographs are not in it. Other tools find
        the count in its name by `-([0-9]+)\\.`."""
        return self.folder / f"{self.stem}-{len(self.photographs) - skipped}.tfrec"

    def content(self) -> list[list]:
        """Return all that its examples depend on, without the size and quality of the crops."""
        return [[p.image, p.content, p.target, p.species, p.crops_text] for p in self.photographs]


def make_jobs(
    folder: Path, dataset: str, photographs: Iterable[SourcePhotograph], shard_images: int
) -> list[ShardJob]:
    """Deal the photographs of each split and fold out in turn to as few shards as possible, with at
    most `shard_images` in each."""
    groups: dict[tuple[str, int], list[SourcePhotograph]] = defaultdict(list)
    for photograph in photographs:
        groups[photograph.split, photograph.fold].append(photograph)
    jobs = []
    for (split, fold), group in sorted(groups.items()):
        parts = -(-len(group) // shard_images)
        jobs += [ShardJob(folder, dataset, split, fold, n, group[n::parts]) for n in range(parts)]
    return jobs


def make_record(photograph: SourcePhotograph, crop_format: CropFormat) -> Record | InputError:
    """Return the record of a photograph, or the reason why it has none."""
    try:
        encoded = read_file(photograph.path)
        boxes, name = list(photograph.crops.values()), str(photograph.path)
        pictures = read_crops(encoded, boxes, crop_format.size, name)
        primary, *more = (encode_crop(picture, crop_format.quality) for picture in pictures)
    except InputError as error:
        return error
    further = dict(zip(list(photograph.crops)[1:], more, strict=True))
    example = make_example(
        photograph.image, primary, photograph.target, photograph.species, further
    )
    return Record(example, complaint(encoded))


def write_shard(job: ShardJob, records: Iterable[Record | InputError]) -> None:
    """Write a shard from the record of each of its photographs, and the lists of those without a
    record and of those that are damaged.

    The lists are written first, so that they are there if the shard is.
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
        write_list(job.skipped_file, skipped)
        write_list(job.damaged_file, damaged)
        to_disk(temporary)
        os.replace(temporary, job.file(len(skipped)))
