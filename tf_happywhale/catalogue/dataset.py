"""A data folder in Kaggle's layout, read and checked as a whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.animals.individuals import label_order, to_targets, with_new
from tf_happywhale.catalogue.boxes.best_boxes import best_boxes
from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox
from tf_happywhale.catalogue.boxes.box_rows import check_boxes_of_animals
from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_from_rows
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_answers, read_catalogue
from tf_happywhale.catalogue.folds import assign_folds
from tf_happywhale.catalogue.kaggle.community import (
    NO_FOLD,
    CommunityShard,
    catalogue_of,
    find_shards,
    read_index,
    read_individuals,
)
from tf_happywhale.catalogue.photographs.checked_names import check_names
from tf_happywhale.catalogue.photographs.disk_names import names_on_disk
from tf_happywhale.catalogue.photographs.photo_files import list_photographs, skipped_lines
from tf_happywhale.catalogue.pod.layout import write_pod
from tf_happywhale.catalogue.tables.reading import Reading, reading_of
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once
from tf_happywhale.places import data_root, output_folder


@dataclass(frozen=True)
class DataSet:
    """The catalogue with its folds, and the images to identify.

    Attributes:
        name: the data folder's name, for files named after it.
        train_folder, test_folder: where the images lie.
        catalogue: rows in file order, text columns image (the key of an animal in an image),
            species, individual_id, and others.
        folds: fold of each row, int64 [n].
        order: all individuals; an individual's place is its target.
        targets: of each row, int64 [n].
        test_images: images to identify, in the order a submission lists them.
        boxes: box of the chosen source by image name; images without one are used whole.
        more_boxes: the same for each further source.
        answers: individual_id or `new_individual` of test images, where known.
        shards: community TFRecords that hold the images in place of the folders.
    """

    name: str
    train_folder: Path
    test_folder: Path
    catalogue: pd.DataFrame
    folds: np.ndarray
    order: list[str]
    targets: np.ndarray
    test_images: list[str]
    boxes: dict[str, AnyBox]
    more_boxes: dict[str, dict[str, AnyBox]]
    answers: dict[str, str]
    shards: Sequence[CommunityShard] = ()

    @property
    def images(self) -> list[str]:
        """The catalogue's images."""
        return list(self.catalogue["image"])

    @property
    def individual_ids(self) -> list[str]:
        """The individual in each of them."""
        return list(self.catalogue["individual_id"])

    @cached_property
    def individual_of(self) -> dict[str, str]:
        """The individual in each of the catalogue's images, by the image's name."""
        return dict(zip(self.images, self.individual_ids, strict=True))

    @cached_property
    def fold_of(self) -> dict[str, int]:
        """The fold of each of the catalogue's images, by the image's name."""
        return dict(zip(self.images, self.folds.tolist(), strict=True))

    @cached_property
    def species_of(self) -> dict[str, str]:
        """The species of each individual; of an individual with several, the last one listed."""
        return dict(zip(self.individual_ids, self.catalogue["species"], strict=True))

    def without(self, images: Iterable[tuple[str, str]]) -> DataSet:
        """The same data without these images, each given by its split (train or test) and name.
        Folds and targets stay."""
        gone = set(images)
        kept = np.array([("train", image) not in gone for image in self.images], bool)
        return replace(
            self,
            catalogue=self.catalogue[kept].reset_index(drop=True),
            folds=self.folds[kept],
            targets=self.targets[kept],
            test_images=[image for image in self.test_images if ("test", image) not in gone],
        )


def load_data(experiment: Experiment) -> DataSet:
    """Read the experiment's data folder; without one, draw the synthetic pod first.

    Raises:
        InputError: something is missing or contradicts itself, in one sentence.
    """
    root, data = data_root(experiment), experiment.data
    if data.tfrecords is not None:
        return _load_community(experiment)
    if data.root is None:
        draw_pod(experiment)
    elif not root.is_dir():
        raise InputError(f"There is no data folder {root}: set data.root to one.")
    reading = reading_of(data)
    catalogue = read_catalogue(root / data.catalogue, reading, root / data.train_images)
    order = label_order(catalogue["individual_id"])
    test_images = _test_images(experiment, root)
    photographs = {image: root / data.test_images / image for image in test_images}
    for key in catalogue["image"]:
        photographs[key] = root / data.train_images / photograph_of(key)
    records = experiment.records
    boxes = {
        source: _boxes(experiment, root, source, photographs)
        for source in (records.source, *records.more_sources)
    }
    boxed = set().union(*boxes.values())
    if set(boxes) != {WHOLE}:
        check_boxes_of_animals(catalogue["image"], boxed, "the table of boxes")
    both = set(catalogue["image"]) & set(test_images) & boxed
    if both:
        raise InputError(
            f"{min(both)} is an image of the catalogue and one to identify, so that its box could "
            "be of either: rename one of them."
        )
    answers = root / data.answers
    return DataSet(
        name=_name(root),
        train_folder=root / data.train_images,
        test_folder=root / data.test_images,
        catalogue=catalogue,
        folds=_folds(experiment, catalogue),
        order=order,
        targets=to_targets(list(catalogue["individual_id"]), order),
        test_images=test_images,
        boxes=boxes.pop(records.source),
        more_boxes=boxes,
        answers=_answers(answers, reading, test_images, order) if answers.is_file() else {},
    )


def _load_community(experiment: Experiment) -> DataSet:
    """Community TFRecords as a data set. The labels of a `train.csv` win over those in the records.

    An image's fold is the number of its shard; where shards have none, folds are made as for
    photographs.
    """
    data = experiment.data
    folder = Path(data.tfrecords).expanduser()
    shards = find_shards(folder, data.tfrecords_pattern)
    index = read_index(shards, output_folder(experiment) / ".stages")
    labels = _labels_beside(experiment, folder)
    catalogue = catalogue_of(index, read_individuals(folder), folder, labels)
    test_images = list(index[index["split"] == "test"]["image"])
    answers: dict[str, str] = {}
    if data.root is not None and (data_root(experiment) / data.answers).is_file():
        order = label_order(catalogue["individual_id"])
        answers = _answers(
            data_root(experiment) / data.answers, reading_of(data), test_images, order
        )
    folds = index[index["split"] == "train"]["fold"].astype(np.int64).to_numpy()
    if (folds == NO_FOLD).all():
        folds = _folds(experiment, catalogue)
    if set(folds.tolist()) != set(range(data.folds)):
        raise InputError(
            f"The TFRecords in {folder} are in folds {sorted(set(folds.tolist()))}: set "
            f"data.folds={max(folds, default=0) + 1} and have all of them there."
        )
    order = label_order(catalogue["individual_id"])
    return DataSet(
        name=_name(folder),
        train_folder=folder,
        test_folder=folder,
        catalogue=catalogue,
        folds=folds,
        order=order,
        targets=to_targets(list(catalogue["individual_id"]), order),
        test_images=test_images,
        boxes={},
        more_boxes={},
        answers=answers,
        shards=shards,
    )


def _labels_beside(experiment: Experiment, folder: Path) -> pd.DataFrame | None:
    """The catalogue that labels community TFRecords: that of data.root, which must be there, or one
    beside them; None if there is neither."""
    name, reading = experiment.data.catalogue, reading_of(experiment.data)
    if experiment.data.root is not None:
        return read_catalogue(data_root(experiment) / name, reading)
    return read_catalogue(folder / name, reading) if (folder / name).is_file() else None


def _folds(experiment: Experiment, catalogue: pd.DataFrame) -> np.ndarray:
    """The fold of each row of a catalogue, int64 [n]."""
    return assign_folds(
        catalogue,
        fold_by=experiment.data.fold_by,
        folds=experiment.data.folds,
        open_share=experiment.data.open_share,
        seed=experiment.seed,
    )


def _name(folder: Path) -> str:
    """A folder's name as files are named after it."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", folder.resolve().name).strip("_")[:64] or "data"


def draw_pod(experiment: Experiment) -> None:
    """Draw the synthetic pod of this experiment, unless it is there."""
    pod = experiment.pod
    write_pod(
        data_root(experiment),
        seed=experiment.seed,
        individuals=pod.individuals,
        new_individuals=pod.new_individuals,
        singletons=pod.singletons,
        mean_images=pod.mean_images,
        test_images_per_individual=pod.test_images,
        width=pod.width,
        height=pod.height,
        workers=os.cpu_count() or 1,
    )


def _test_images(experiment: Experiment, root: Path) -> list[str]:
    """The images of sample_submission.csv in its order, else those in the folder by name."""
    folder, sample = root / experiment.data.test_images, root / "sample_submission.csv"
    if not sample.is_file():
        listing = list_photographs(folder)
        for line in skipped_lines(listing):
            say_once(line)
        return listing.images
    table = read_text_table(sample, ("image",), reading_of(experiment.data))
    check_names(table["image"], sample, table.index)
    images = names_on_disk(table["image"], folder, sample, table.index)
    check_names(images, sample, table.index)
    return images


def _answers(
    path: Path, reading: Reading, test_images: list[str], known: list[str]
) -> dict[str, str]:
    """The answers that are asked for; an individual the catalogue lacks is `new_individual`."""
    answers = read_answers(path, reading, test_images)
    asked = [image for image in test_images if answers.get(image)]
    return dict(zip(asked, with_new([answers[image] for image in asked], known), strict=True))


def _boxes(
    experiment: Experiment, root: Path, source: str, photographs: Mapping[str, Path]
) -> dict[str, AnyBox]:
    given = experiment.data.boxes
    if source == WHOLE:
        return {}
    if isinstance(given, dict):
        if source not in given:
            raise InputError(
                f"data.boxes names no file of source {source!r} (it has: {', '.join(given)}): add "
                "it, or set records.source to one of those."
            )
        given = given[source]
    if given is None and not (root / "boxes.csv").is_file():
        return {}
    path = root / (given or "boxes.csv")
    rows = read_box_rows(path, reading_of(experiment.data))
    sources = {experiment.records.source, *experiment.records.more_sources} - {WHOLE}
    one_for_all = not isinstance(experiment.data.boxes, dict) and len(sources) > 1
    if one_for_all and any(not row.source for row in rows):
        raise InputError(
            f"{path} does not say which box is of which source, and the records want "
            f"{' and '.join(sorted(sources))}: add a column source, or name a file for each in "
            "data.boxes."
        )
    folders = [root / experiment.data.train_images, root / experiment.data.test_images]
    wanted = WantedBoxes([source], choose=best_boxes)
    return boxes_from_rows(rows, path, photographs, wanted, folders).get(source, {})
