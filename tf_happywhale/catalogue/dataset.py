"""A data folder in Kaggle's layout, read and checked as a whole."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.boxes import Box, read_boxes
from tf_happywhale.catalogue.folds import assign_folds
from tf_happywhale.catalogue.individuals import label_order, to_targets, with_new
from tf_happywhale.catalogue.pod.layout import write_pod
from tf_happywhale.catalogue.table import (
    check_images,
    check_names,
    list_images,
    read_answers,
    read_catalogue,
    read_text_table,
)
from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.places import data_root


@dataclass(frozen=True)
class DataSet:
    """The catalogue with its folds, and the images to identify.

    Attributes:
        name: the data folder's name, for files named after it.
        train_folder, test_folder: where the images lie.
        catalogue: rows in file order, text columns image, species, individual_id, and others.
        folds: fold of each row, int64 [n].
        order: all individuals; an individual's place is its target.
        targets: of each row, int64 [n].
        test_images: images to identify, in the order a submission lists them.
        boxes: box of the chosen source by image name; images without one are used whole.
        answers: individual_id or `new_individual` of test images, where known.
    """

    name: str
    train_folder: Path
    test_folder: Path
    catalogue: pd.DataFrame
    folds: np.ndarray
    order: list[str]
    targets: np.ndarray
    test_images: list[str]
    boxes: dict[str, Box]
    answers: dict[str, str]

    @property
    def images(self) -> list[str]:
        """The catalogue's images."""
        return list(self.catalogue["image"])

    @property
    def individual_ids(self) -> list[str]:
        """Who is in them."""
        return list(self.catalogue["individual_id"])


def load_data(experiment: Experiment) -> DataSet:
    """Read the experiment's data folder; without one, draw the synthetic pod first.

    Raises:
        InputError: something is missing or contradicts itself, in one sentence.
    """
    root, data = data_root(experiment), experiment.data
    if data.root is None:
        draw_pod(experiment)
    elif not root.is_dir():
        raise InputError(f"There is no data folder {root}: set data.root to one.")
    catalogue = read_catalogue(root / data.catalogue)
    check_images(catalogue["image"], root / data.train_images, root / data.catalogue)
    order = label_order(catalogue["individual_id"])
    test_images, boxes = _test_images(experiment, root), _boxes(experiment, root)
    both = set(catalogue["image"]) & set(test_images) & set(boxes)
    if both:
        raise InputError(
            f"{min(both)} is an image of the catalogue and one to identify, so that its box could "
            "be of either: rename one of them."
        )
    answers = root / data.answers
    return DataSet(
        name=re.sub(r"[^A-Za-z0-9_]+", "_", root.resolve().name).strip("_")[:64] or "data",
        train_folder=root / data.train_images,
        test_folder=root / data.test_images,
        catalogue=catalogue,
        folds=assign_folds(
            catalogue,
            fold_by=data.fold_by,
            folds=data.folds,
            open_share=data.open_share,
            seed=experiment.seed,
        ),
        order=order,
        targets=to_targets(list(catalogue["individual_id"]), order),
        test_images=test_images,
        boxes=boxes,
        answers=_answers(answers, test_images, order) if answers.is_file() else {},
    )


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
        return list_images(folder)
    images = list(read_text_table(sample, ("image",))["image"])
    check_names(images, sample)
    check_images(images, folder, sample)
    return images


def _answers(path: Path, test_images: list[str], known: list[str]) -> dict[str, str]:
    """The answers that are asked for; an individual the catalogue lacks is `new_individual`."""
    answers = read_answers(path)
    asked = [image for image in test_images if answers.get(image)]
    return dict(zip(asked, with_new([answers[image] for image in asked], known), strict=True))


def _boxes(experiment: Experiment, root: Path) -> dict[str, Box]:
    source = experiment.records.source
    if source == "whole":
        return {}
    if experiment.data.boxes is not None:
        return read_boxes(root / experiment.data.boxes, source)
    usual = root / "boxes.csv"
    return read_boxes(usual, source) if usual.is_file() else {}
