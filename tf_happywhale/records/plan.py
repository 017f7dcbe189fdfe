"""Which photographs an experiment needs as TFRecords, and in which folder they are kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox
from tf_happywhale.catalogue.dataset import DataSet, kept_readings
from tf_happywhale.catalogue.kaggle.community_labels import read_individuals
from tf_happywhale.collector import collector_paused
from tf_happywhale.config import Experiment
from tf_happywhale.disk.hashes import ContentHashes, digest, stamps
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
    """An image of the catalogue, or one to identify, that will be written."""

    image: str  # its name in the catalogue
    file: str | Path
    split: str  # train or test
    fold: int
    target: int
    species: int
    crops: dict[str, AnyBox | None]  # box of each source, the primary first; None: whole picture
    content: str  # hash of the file's bytes

    @property
    def path(self) -> Path:
        """Its file. Making a path takes time, so it is made when one is needed."""
        return Path(self.file)

    @cached_property
    def crops_text(self) -> str:
        """What digests know the crops by."""
        return str(self.crops)


@dataclass(frozen=True)
class CropFormat:
    """How crops are stored.

    Attributes:
        size: side of the squares, pixels.
        quality: of the JPEGs, 1 to 100.
        sources: the source of the primary crop, which all images have, then those of further crops.
    """

    size: int
    quality: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class RecordsPlan:
    """What to write, how, and where."""

    folder: Path
    dataset: str
    photographs: list[SourcePhotograph]
    crop_format: CropFormat
    individuals: list[str]  # the individual of each target; empty for a target without one
    foreign: dict[str, str] = field(default_factory=dict)  # split → digest of community shards
    hashes: ContentHashes | None = None  # by which `content` was found; None: it is not known

    def pictures(self, split: str, images: Sequence[str]) -> list[str]:
        """Return a digest of 16 characters for each image of a split; it changes with the
        photograph, boxes, size or quality. For community TFRecords it is that of the split."""
        if self.foreign:
            return [self.foreign[split]] * len(images)
        found = self._pictures[split]
        return [found[image] for image in images]

    @cached_property
    def _pictures(self) -> dict[str, dict[str, str]]:
        """The digests that `pictures` returns, by split and image."""
        form = self.crop_format
        pixels = [VERSION, form.size, form.quality, form.sources]
        found: dict[str, dict[str, str]] = {"train": {}, "test": {}}
        for photograph in self.photographs:
            told = [*pixels, photograph.content, photograph.crops_text]
            found[photograph.split][photograph.image] = digest(told)[:16]
        return found


@collector_paused()
def plan_records(experiment: Experiment, data: DataSet) -> RecordsPlan:
    """Return the records folder of an experiment, `<dataset>-<size>-<hash>`, and what it will hold.

    Its name is the same for every experiment that needs the same pixels: labels and folds do not
    change it, another box or photograph does. Within `reading_once` the plan of the same data is
    made again only if a photograph's size or time of change is another one.
    """
    if data.shards:
        return _plan_community(experiment, data)
    kept = kept_readings()
    if kept is None:
        return _plan(experiment, data)
    key = "plan " + experiment.model_dump_json(include={"data", "records", "image_size", "output"})
    now = stamps(_files(data))  # before the plan, so that it is no older than they are
    of, seen, plan = kept.get(key, (None, None, None))
    if of is not data or seen != now:
        plan = _plan(experiment, data)
        kept[key] = (data, now, plan)
    return plan


def _plan(experiment: Experiment, data: DataSet) -> RecordsPlan:
    records = experiment.records
    sources = (records.source, *records.more_sources)
    form = CropFormat(records.size or experiment.image_size, records.quality, sources)
    hashes = ContentHashes(output_folder(experiment) / ".stages" / "content.json")
    photographs = _photographs(data, sources, hashes)
    rows = sorted((p.split, p.image, p.content, p.crops_text) for p in photographs)
    name = digest([VERSION, form.size, form.quality, sources, rows])[:8]
    folder = records_home(experiment) / f"{data.name}-{form.size}-{name}"
    return RecordsPlan(folder, data.name, photographs, form, data.order, hashes=hashes)


def readable_data(experiment: Experiment, data: DataSet) -> DataSet:
    """Return the data without the images that the finished records lack, as train and embed use it.

    For models of other experiments nothing is left out unless `records.skip_unreadable` is set:
    to know more, every photograph would have to be read.
    """
    if (experiment.members or experiment.variants) and not experiment.records.skip_unreadable:
        return data
    return data.without(skipped_images(plan_records(experiment, data).folder))


def _plan_community(experiment: Experiment, data: DataSet) -> RecordsPlan:
    """Return a records folder that names the community's shards instead of holding its own. It is
    finished at once."""
    source = experiment.records.source
    form = CropFormat(experiment.records.size or experiment.image_size, 0, (source,))
    shards = [Shard(str(s.path), s.split, s.fold, s.count, "") for s in data.shards]
    about = {"schema": COMMUNITY, "dataset": data.name, "size": form.size, "sources": [source]}
    stamps = [(str(s.path), s.path.stat().st_size, s.path.stat().st_mtime_ns) for s in data.shards]
    known = read_individuals(data.train_folder)
    individuals = [known.get(target, "") for target in range(max(known, default=-1) + 1)]
    name = f"{data.name}-{form.size}-{digest([about, stamps, individuals])[:8]}"
    folder = records_home(experiment) / name
    if not is_complete(folder):
        finish(folder, {**about, "individuals": individuals, "skipped": {}}, shards)
    files = [(s.path.name, s.path.stat().st_size, s.path.stat().st_mtime_ns) for s in data.shards]
    foreign = {
        split: digest([about, sorted(file for file, s in zip(files, data.shards, strict=True)
                                     if s.split == split)])[:16]
        for split in ("train", "test")
    }  # fmt: skip
    return RecordsPlan(folder, data.name, [], form, individuals, foreign)


def _photographs(
    data: DataSet, sources: tuple[str, ...], hashes: ContentHashes
) -> list[SourcePhotograph]:
    kinds = sorted(set(data.catalogue["species"]) - {""})
    number = {kind: n for n, kind in enumerate(kinds)}
    species = [number.get(kind, -1) for kind in data.catalogue["species"]]
    folds, targets = data.folds.tolist(), data.targets.tolist()
    known = zip(data.images, repeat("train"), folds, targets, species, strict=False)
    asked = zip(data.test_images, repeat("test"), repeat(0), repeat(-1), repeat(-1), strict=False)
    files = _files(data)
    found = hashes.of(files, "looking at photographs")
    hashes.save()
    return [
        SourcePhotograph(image, file, *row, _crops(data, image, sources), content)
        for file, (image, *row), (content, _) in zip(files, [*known, *asked], found, strict=True)
    ]


def _files(data: DataSet) -> list[str]:
    """The files of the images of the catalogue, then of those to identify."""
    train, test = str(data.train_folder), str(data.test_folder)
    known = [os.path.join(train, photograph_of(image)) for image in data.images]
    return known + [os.path.join(test, image) for image in data.test_images]


def _crops(data: DataSet, image: str, sources: tuple[str, ...]) -> dict[str, AnyBox | None]:
    """Return the primary crop, whole if there is no box, and the further crops that have a box."""
    primary, *further = sources
    crops = {primary: data.boxes.get(image)}
    for source in further:
        box = data.more_boxes[source].get(image)
        if box is not None or source == WHOLE:
            crops[source] = box
    return crops
