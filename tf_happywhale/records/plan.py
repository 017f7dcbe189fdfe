"""Which photographs an experiment needs as TFRecords, and in which folder they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox
from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.catalogue.kaggle.community_labels import read_individuals
from tf_happywhale.config import Experiment
from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.hashes import ContentHashes, digest
from tf_happywhale.places import output_folder, records_home
from tf_happywhale.records.manifest import (
    COMMUNITY,
    VERSION,
    Shard,
    finish,
    is_complete,
    skipped_images,
)


@dataclass(frozen=True)
class SourcePhotograph:
    """One image to be written."""

    image: str  # its name in the catalogue
    path: Path
    split: str  # train or test
    fold: int
    target: int
    species: int
    crops: dict[str, AnyBox | None]  # source of each crop and its box; None: the whole picture
    content: str  # hash of the file's bytes


@dataclass(frozen=True)
class CropFormat:
    """How a photograph becomes stored crops."""

    size: int
    quality: int
    sources: tuple[str, ...]  # the primary crop's, which all have, then those of further ones


@dataclass(frozen=True)
class RecordsPlan:
    """What to write, how, and where."""

    folder: Path
    dataset: str
    photographs: list[SourcePhotograph]
    pixels: CropFormat
    individuals: list[str]  # who the targets are; empty for one that nobody is
    foreign: dict[str, str] = field(default_factory=dict)  # a digest of each split's shards

    def pictures(self, split: str, images: Sequence[str]) -> list[str]:
        """What the pixels of each image of a split depend on, as a digest of 16 characters: its
        photograph, its boxes, size and quality. For community TFRecords it is the split as a
        whole."""
        if self.foreign:
            return [self.foreign[split]] * len(images)
        pixels = [VERSION, self.pixels.size, self.pixels.quality, self.pixels.sources]
        found = {
            photograph.image: digest([*pixels, photograph.content, str(photograph.crops)])[:16]
            for photograph in self.photographs
            if photograph.split == split
        }
        return [found[image] for image in images]


def plan_records(experiment: Experiment, data: DataSet) -> RecordsPlan:
    """The records folder of an experiment, `<dataset>-<size>-<hash>`, and what belongs into it.

    Its name is the same for every experiment that needs the same pixels: labels and folds do not
    count, a changed box or photograph does.
    """
    if data.shards:
        return _plan_community(experiment, data)
    records = experiment.records
    sources = (records.source, *records.more_sources)
    pixels = CropFormat(records.size or experiment.image_size, records.quality, sources)
    photographs = _photographs(data, sources, output_folder(experiment) / ".stages")
    rows = sorted([p.split, p.image, p.content, str(p.crops)] for p in photographs)
    name = digest([VERSION, pixels.size, pixels.quality, sources, rows])[:8]
    folder = records_home(experiment) / f"{data.name}-{pixels.size}-{name}"
    return RecordsPlan(folder, data.name, photographs, pixels, data.order)


def readable_data(experiment: Experiment, data: DataSet) -> DataSet:
    """The data as train and embed see it: without the images that the finished records lack. For
    models of other experiments nothing is left out unless `records.skip_unreadable` is set, since
    to find out would mean reading every photograph."""
    if (experiment.members or experiment.variants) and not experiment.records.skip_unreadable:
        return data
    return data.without(skipped_images(plan_records(experiment, data).folder))


def _plan_community(experiment: Experiment, data: DataSet) -> RecordsPlan:
    """A records folder that holds no shards but names the community's, finished as it is made."""
    source = experiment.records.source
    pixels = CropFormat(experiment.records.size or experiment.image_size, 0, (source,))
    shards = [Shard(str(s.path), s.split, s.fold, s.count, "") for s in data.shards]
    about = {"schema": COMMUNITY, "dataset": data.name, "size": pixels.size, "sources": [source]}
    stamps = [(str(s.path), s.path.stat().st_size, s.path.stat().st_mtime_ns) for s in data.shards]
    known = read_individuals(data.train_folder)
    individuals = [known.get(target, "") for target in range(max(known, default=-1) + 1)]
    name = f"{data.name}-{pixels.size}-{digest([about, stamps, individuals])[:8]}"
    folder = records_home(experiment) / name
    if not is_complete(folder):
        finish(folder, {**about, "individuals": individuals, "skipped": {}}, shards)
    files = [(s.path.name, s.path.stat().st_size, s.path.stat().st_mtime_ns) for s in data.shards]
    foreign = {
        split: digest([about, sorted(file for file, s in zip(files, data.shards, strict=True)
                                     if s.split == split)])[:16]
        for split in ("train", "test")
    }  # fmt: skip
    return RecordsPlan(folder, data.name, [], pixels, individuals, foreign)


def _photographs(data: DataSet, sources: tuple[str, ...], cache: Path) -> list[SourcePhotograph]:
    kinds = sorted(set(data.catalogue["species"]) - {""})
    species = [kinds.index(kind) if kind else -1 for kind in data.catalogue["species"]]
    rows = [
        (image, data.train_folder / photograph_of(image), "train", int(fold), int(target), kind)
        for image, fold, target, kind in zip(
            data.images, data.folds, data.targets, species, strict=True
        )
    ]
    rows += [(image, data.test_folder / image, "test", 0, -1, -1) for image in data.test_images]
    hashes = ContentHashes(cache / "content.json")
    with ThreadPoolExecutor(usable_cores()) as workers:
        contents = list(workers.map(hashes, [path for _, path, *_ in rows]))
    hashes.save()
    return [
        SourcePhotograph(*row, _crops(data, row[0], sources), content)
        for row, content in zip(rows, contents, strict=True)
    ]


def _crops(data: DataSet, image: str, sources: tuple[str, ...]) -> dict[str, AnyBox | None]:
    """The primary crop, whole where there is no box, and of the further ones those with a box."""
    primary, *further = sources
    crops = {primary: data.boxes.get(image)}
    for source in further:
        box = data.more_boxes[source].get(image)
        if box is not None or source == WHOLE:
            crops[source] = box
    return crops
