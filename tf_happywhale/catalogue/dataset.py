"""The data of an experiment: the catalogue with its folds and boxes, and the images to identify."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.animals.individuals import label_order, to_targets
from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox
from tf_happywhale.catalogue.boxes.box_rows import check_boxes_of_animals
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.data_folder import boxes_of_source, images_to_identify, known_answers
from tf_happywhale.catalogue.experiment_folds import make_folds
from tf_happywhale.catalogue.kaggle.community_index import read_index
from tf_happywhale.catalogue.kaggle.community_labels import catalogue_of, read_individuals
from tf_happywhale.catalogue.kaggle.community_shards import NO_FOLD, CommunityShard, find_shards
from tf_happywhale.catalogue.pod.layout import write_pod
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.collector import collector_paused
from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.places import data_root, output_folder


@dataclass(frozen=True)
class DataSet:
    """The catalogue with its folds, and the images to identify.

    Attributes:
        name: the data folder's name, for files named after it.
        train_folder, test_folder: the folders of the images.
        catalogue: rows in file order, text columns image (the key of an animal in an image),
            species, individual_id, and others.
        folds: the fold of each row, int64 [n].
        order: all individuals; an individual's place is its target.
        test_images: images to identify, in the order of a submission.
        boxes: the box of the chosen source by key; images without one are used whole.
        more_boxes: the boxes of each other source, by source and key.
        answers: individual_id or `new_individual` of test images, where it is known.
        shards: community TFRecords that hold the images instead of the folders.
    """

    name: str
    train_folder: Path
    test_folder: Path
    catalogue: pd.DataFrame
    folds: np.ndarray
    order: list[str]
    test_images: list[str]
    boxes: dict[str, AnyBox]
    more_boxes: dict[str, dict[str, AnyBox]]
    answers: dict[str, str]
    shards: Sequence[CommunityShard] = ()

    @property
    def images(self) -> list[str]:
        """The catalogue's images."""
        return self.catalogue["image"].tolist()

    @property
    def individual_ids(self) -> list[str]:
        """The individual in each of them."""
        return self.catalogue["individual_id"].tolist()

    @cached_property
    def targets(self) -> np.ndarray:
        """The target of each row, int64 [n]."""
        return to_targets(self.individual_ids, self.order)

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
            test_images=[image for image in self.test_images if ("test", image) not in gone],
        )


_READ = {"data", "pod", "records", "seed", "output"}  # the keys that `load_data` depends on
_kept: ContextVar[dict[str, Any] | None] = ContextVar("kept", default=None)


def kept_readings() -> dict[str, Any] | None:
    """What `reading_once` keeps, by a text that says what it is; None outside of it."""
    return _kept.get()


@contextmanager
def reading_once() -> Iterator[None]:
    """Let `load_data` read each catalogue once, for a command of several stages: at Happywhale's
    size each reading takes a second or two. What else is made of a catalogue may be kept too."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def load_data(experiment: Experiment) -> DataSet:
    """Read the experiment's data folder or TFRecords; without a data folder, draw the synthetic pod
    first. Within `reading_once` the same data are read once.

    Raises:
        InputError: something is missing or contradicts itself, in one sentence.
    """
    kept = kept_readings()
    if kept is None:
        return _read_data(experiment)
    key = experiment.model_dump_json(include=_READ)
    if key not in kept:
        kept[key] = _read_data(experiment)
    return kept[key]


@collector_paused()
def _read_data(experiment: Experiment) -> DataSet:
    root, data = data_root(experiment), experiment.data
    if data.tfrecords is not None:
        return _load_community(experiment)
    if data.root is None:
        draw_pod(experiment)
    elif not root.is_dir():
        raise InputError(f"There is no data folder {root}: set data.root to a folder.")
    train_folder, test_folder = root / data.train_images, root / data.test_images
    catalogue = read_catalogue(root / data.catalogue, reading_of(data), train_folder)
    order = label_order(catalogue["individual_id"])
    test_images = images_to_identify(data, root)
    boxes = _boxes(experiment, root, list(catalogue["image"]), test_images)
    return DataSet(
        name=_name(root),
        train_folder=train_folder,
        test_folder=test_folder,
        catalogue=catalogue,
        folds=make_folds(experiment, catalogue, train_folder),
        order=order,
        test_images=test_images,
        boxes=boxes.pop(experiment.records.source),
        more_boxes=boxes,
        answers=known_answers(data, root, test_images, order),
    )


def _boxes(
    experiment: Experiment, root: Path, images: list[str], test_images: list[str]
) -> dict[str, dict[str, AnyBox]]:
    """The boxes of each source of the records, by source and key.

    Raises:
        InputError: a second animal of an image has no box, or a box may be of two images.
    """
    data, records = experiment.data, experiment.records
    if {records.source, *records.more_sources} == {WHOLE}:
        return {WHOLE: {}}
    train, test = root / data.train_images, root / data.test_images
    photographs = {image: os.path.join(test, image) for image in test_images}
    photographs |= {key: os.path.join(train, photograph_of(key)) for key in images}
    boxes = {
        source: boxes_of_source(experiment, root, source, photographs)
        for source in (records.source, *records.more_sources)
    }
    boxed = set().union(*boxes.values())
    check_boxes_of_animals(images, boxed, "the table of boxes")
    both = set(images) & set(test_images) & boxed
    if both:
        raise InputError(
            f"{min(both)} is an image of the catalogue and an image to identify, so its box may be "
            "of either: rename one of them."
        )
    return boxes


def _load_community(experiment: Experiment) -> DataSet:
    """Community TFRecords as a data set. The labels of a `train.csv` count before those in the
    records.

    An image's fold is the number of its shard. If shards have no number, folds are made as for
    photographs.
    """
    data = experiment.data
    folder = Path(data.tfrecords).expanduser()
    shards = find_shards(folder, data.tfrecords_pattern)
    index = read_index(shards, output_folder(experiment) / ".stages")
    labels = _community_labels(experiment, folder)
    catalogue = catalogue_of(index, read_individuals(folder), folder, labels)
    order = label_order(catalogue["individual_id"])
    test_images = list(index[index["split"] == "test"]["image"])
    answers = {}
    if data.root is not None:
        answers = known_answers(data, data_root(experiment), test_images, order)
    folds = index[index["split"] == "train"]["fold"].astype(np.int64).to_numpy()
    if (folds == NO_FOLD).all():
        folds = make_folds(experiment, catalogue)
    if set(folds.tolist()) != set(range(data.folds)):
        raise InputError(
            f"The TFRecords in {folder} are in folds {sorted(set(folds.tolist()))}: set "
            f"data.folds={max(folds, default=0) + 1}, and add the TFRecords of missing folds."
        )
    return DataSet(
        name=_name(folder),
        train_folder=folder,
        test_folder=folder,
        catalogue=catalogue,
        folds=folds,
        order=order,
        test_images=test_images,
        boxes={},
        more_boxes={},
        answers=answers,
        shards=shards,
    )


def _community_labels(experiment: Experiment, folder: Path) -> pd.DataFrame | None:
    """The catalogue that labels community TFRecords: that of data.root, which must be there, or the
    one next to the records; None if there is neither."""
    name, reading = experiment.data.catalogue, reading_of(experiment.data)
    if experiment.data.root is not None:
        return read_catalogue(data_root(experiment) / name, reading)
    return read_catalogue(folder / name, reading) if (folder / name).is_file() else None


def _name(folder: Path) -> str:
    """A folder's name without characters that file names should not have."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", folder.resolve().name).strip("_")[:64] or "data"


def draw_pod(experiment: Experiment) -> None:
    """Draw the synthetic pod of this experiment, unless it is there already."""
    write_pod(
        data_root(experiment),
        experiment.pod,
        seed=experiment.seed,
        workers=os.cpu_count() or 1,
    )
