"""The folds of an experiment's catalogue, by its settings and the photographs' EXIF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.bursts import bursts_of, without_a_burst
from tf_happywhale.catalogue.folds import assign_folds
from tf_happywhale.catalogue.photographs.times_taken import contents_and_facts
from tf_happywhale.config import Experiment
from tf_happywhale.places import output_folder


def make_folds(
    experiment: Experiment, catalogue: pd.DataFrame, train_folder: Path | None = None
) -> np.ndarray:
    """The fold of each row of a catalogue by the experiment's settings, int64 [n]. By burst the
    EXIF of photographs counts, if the table names neither encounter nor day and their folder is
    given."""
    data = experiment.data
    return assign_folds(
        catalogue,
        fold_by=data.fold_by,
        folds=data.folds,
        open_share=data.open_share,
        seed=experiment.seed,
        taken=times_taken(experiment, catalogue, train_folder),
    )


def times_taken(
    experiment: Experiment, catalogue: pd.DataFrame, train_folder: Path | None
) -> list[str]:
    """When each image was taken by its EXIF, as far as folds by burst need to know; else empty.

    Files are read with their hash, which the records need too, and remembered in the same place.
    """
    taken = [""] * len(catalogue)
    if experiment.data.fold_by != "burst" or train_folder is None:
        return taken
    rows = np.flatnonzero(without_a_burst(catalogue))
    paths = [train_folder / photograph_of(catalogue["image"].iloc[row]) for row in rows]
    home = output_folder(experiment) / ".stages"
    _, facts = contents_and_facts(paths, home, "reading when photographs were taken")
    for row, told in zip(rows, facts, strict=True):
        taken[row] = told.date
    return taken


def find_bursts(experiment: Experiment, catalogue: pd.DataFrame, train_folder: Path) -> np.ndarray:
    """The burst of each row as text [n], as folds by burst would have it; see `bursts_of`. EXIF
    counts only if the folds are by burst."""
    return bursts_of(catalogue, times_taken(experiment, catalogue, train_folder))
