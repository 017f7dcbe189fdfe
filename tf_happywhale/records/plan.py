"""Which photographs an experiment needs as TFRecords, and in which folder they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox
from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.catalogue.kaggle.community_labels import read_individuals
from tf_happywhale.config import Experiment
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
    """An image of the catalogue, or one to identify, that will be written."""

    image: str  # its name in the catalogue
    path: Path
    split: str  # train or test
    fold: int
    target: int
    species: int
    crops: dict[str, AnyBox | None]  # box of each source, the primary first; None: whole picture
    content: str  # hash of the file's bytes


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

    def pictures(self, split: str, images: Sequence[str]) -> list[str]:
        """Return a digest of 16 characters for each image of a split; it changes with the
        photograph, boxes, size or quality. For community TFRecords it is that of the split."""
        if self.foreign:
            return [self.foreign[split]] * len(images)
        form = self.crop_format
        pixels = [VERSION, form.size, form.quality, form.sources]
        found = {
            photograph.image: digest([*pixels, photograph.content, str(photograph.crops)])[:16]
            for photograph in self.photographs
            if photograph.split == split
        }
        return [found[image] for image in images]


def plan_records(experiment: Experiment, data: DataSet) -> RecordsPlan:
    """Return the records folder of an experiment, `<dataset>-<size>-<hash>`, and what it will hold.

    Its name is the same for every experiment that needs the same pixels: labels and folds do not
    change it, another box or photograph does.
    """
    if data.shards:
        return _plan_community(experiment, data)
    records = experiment.records
    sources = (records.source, *records.more_sources)
    form = CropFormat(records.size or experiment.image_size, records.quality, sources)
    photographs = _photographs(data, sources, output_folder(experiment) / ".stages")
    rows = sorted([p.split, p.image, p.content, str(p.crops)] for p in photographs)
    name = digest([VERSION, form.size, form.quality, sources, rows])[:8]
    folder = records_home(experiment) / f"{data.name}-{form.size}-{name}"
    return RecordsPlan(folder, data.name, photographs, form, data.order)


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
    found = hashes.of([path for _, path, *_ in rows], "looking at photographs")
    hashes.save()
    return [
        SourcePhotograph(*row, _crops(data, row[0], sources), content)
        for row, (content, _) in zip(rows, found, strict=True)
    ]


def _crops(data: DataSet, image: str, sources: tuple[str, ...]) -> dict[str, AnyBox | None]:
    """Return the primary crop, whole if there is no box, and the further crops that have a box."""
    primary, *further = sources
    crops = {primary: data.boxes.get(image)}
    for source in further:
        box = data.more_boxes[source].get(image)
        if box is not None or source == WHOLE:
            crops[source] = box
    return crops
