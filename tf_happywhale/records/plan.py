"""Which photographs an experiment needs as TFRecords, and in which folder they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.config import Experiment
from tf_happywhale.files import ContentHashes, digest
from tf_happywhale.places import output_folder, records_home
from tf_happywhale.records.photograph import Photograph, Pixels
from tf_happywhale.records.schema import VERSION


@dataclass(frozen=True)
class Plan:
    """What to write, how, and where."""

    folder: Path
    dataset: str
    photographs: list[Photograph]
    pixels: Pixels


def plan_records(experiment: Experiment, data: DataSet) -> Plan:
    """The records folder of an experiment, `<dataset>-<size>-<hash>`, and what belongs into it.

    Its name is the same for every experiment that needs the same pixels: labels and folds do not
    count, a changed box or photograph does.
    """
    records = experiment.records
    pixels = Pixels(records.size or experiment.image_size, records.quality, records.source)
    hashes = ContentHashes(output_folder(experiment) / ".stages" / "content.json")
    photographs = _photographs(data, hashes)
    hashes.save()
    rows = sorted([p.split, p.image, p.content, str(p.box)] for p in photographs)
    name = digest([VERSION, pixels.size, pixels.quality, pixels.source, rows])[:8]
    folder = records_home(experiment) / f"{data.name}-{pixels.size}-{name}"
    return Plan(folder, data.name, photographs, pixels)


def _photographs(data: DataSet, hashes: ContentHashes) -> list[Photograph]:
    kinds = sorted(set(data.catalogue["species"]) - {""})
    species = [kinds.index(kind) if kind else -1 for kind in data.catalogue["species"]]
    rows = [
        (image, data.train_folder / image, "train", int(fold), int(target), kind)
        for image, fold, target, kind in zip(
            data.images, data.folds, data.targets, species, strict=True
        )
    ]
    rows += [(image, data.test_folder / image, "test", 0, -1, -1) for image in data.test_images]
    return [Photograph(*row, data.boxes.get(row[0]), hashes(row[1])) for row in rows]
