"""The training of each fold: the images, labels and start weights it reads, and their record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tf_happywhale.catalogue.animals.individuals import species_targets, to_targets
from tf_happywhale.catalogue.dataset import DataSet, load_data
from tf_happywhale.config import Experiment, as_trained
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.errors import ConfigError
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.places import pseudo_file, run_folder
from tf_happywhale.records.manifest import same_training, skipped_images
from tf_happywhale.records.plan import RecordsPlan, plan_records
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.training.fold_data import NOBODY, FoldData
from tf_happywhale.training.pseudo_labels.labels_file import read_labels
from tf_happywhale.training.resume.made_from import PREDICTED, SECTIONS, MadeFrom, flat
from tf_happywhale.training.resume.older_stamps import OlderForm
from tf_happywhale.training.start_weights import check_start, start_of
from tf_happywhale.training.teachers.find_teachers import check_teachers
from tf_happywhale.training.teachers.teachers import load_teachers
from tf_happywhale.training.teachers.unlabelled import find_unlabelled


@dataclass(frozen=True)
class FoldTraining:
    """Training of one fold.

    Attributes:
        experiment: how it is trained, with the weights that it starts from.
        number: the fold that is left out.
        run: the run folder.
        data: what it trains and validates on.
        asked: what the model is to be made from.
        older: `asked` in the form of earlier versions.
        trained_on: the folds that the model will have seen, as its embeddings name them.
        order: all individuals, by target.
    """

    experiment: Experiment
    number: int
    run: Path
    data: FoldData
    asked: MadeFrom
    older: OlderForm
    trained_on: str
    order: list[str]


def fold_trainings(experiment: Experiment) -> Iterator[FoldTraining]:
    """Yield the training of each fold of an experiment. The catalogue and the records are read and
    checked before the first one."""
    experiment = as_trained(experiment)
    weights = find_weights(experiment.model.backbone, experiment.model.weights)
    data = load_data(experiment)
    species = _species(experiment, data)  # also of individuals whose photographs cannot be read
    plan = plan_records(experiment, data)
    data = data.without(skipped_images(plan.folder))
    pictures = plan.pictures("train", data.images)
    for fold in experiment.folds:  # all of them before the first one is trained
        check_start(weights, run_folder(experiment, fold), fold, data.fold_of)
        check_teachers(experiment, fold, data.fold_of)
    for fold in experiment.folds:
        run = run_folder(experiment, fold)
        fold_data = _fold_data(experiment, data, plan, fold, species)
        one, start = start_of(experiment, fold_data, run, data.fold_of)
        more_pictures = plan.pictures("test", fold_data.more_images)
        asked = _made_from(experiment, fold_data, data.order, start, [*pictures, *more_pictures])
        # The first round reads the catalogue's examples only: the images to identify may change.
        names = [plan.folder.name] if experiment.round else same_training(plan.folder)
        older = OlderForm(asked, _older_inputs(experiment, fold_data, start), names)
        trained_on = all_but(fold, plan.folder.name, data.fold_of)
        yield FoldTraining(one, fold, run, fold_data, asked, older, trained_on, data.order)


def _fold_data(
    experiment: Experiment,
    data: DataSet,
    plan: RecordsPlan,
    fold: int,
    species: np.ndarray | None,
) -> FoldData:
    """Return the catalogue, and the images to identify that are trained on too: those that this
    round labels by prediction, and those that only the teachers know."""
    labels = read_labels(experiment, data, plan, fold) if experiment.round else {}
    unlabelled = find_unlabelled(experiment, data, plan, fold, labels)
    fold_data = FoldData(
        records=plan.folder,
        images=data.images,
        individual_ids=data.individual_ids,
        targets=data.targets,
        folds=data.folds,
        classes=len(data.order),
        fold=fold,
        species=species,
        more_images=[*labels, *unlabelled],
        more_targets=[
            *to_targets([who for who, _ in labels.values()], data.order),
            *[NOBODY] * len(unlabelled),
        ],
    )
    seen = fold_data.training()[0]
    own = len(seen) - len(fold_data.more_images)
    teachers = load_teachers(experiment, fold, seen[:own], seen[own:])
    return replace(fold_data, teachers=teachers)


def _species(experiment: Experiment, data: DataSet) -> np.ndarray | None:
    """Return the species of each individual, where the model has a head for them."""
    if not experiment.model.species_weight:
        return None
    species = list(data.catalogue["species"])
    if not any(species):
        raise ConfigError(
            f"model.species_weight is {experiment.model.species_weight}, but the catalogue names "
            "no species: set it to 0."
        )
    return species_targets(data.order, data.individual_ids, species)


def _made_from(
    experiment: Experiment,
    data: FoldData,
    order: Sequence[str],
    weights: str | None,
    pictures: Sequence[str],
) -> MadeFrom:
    """Return what one fold's training is made from.

    Args:
        experiment: how to train.
        data: what to train on.
        order: all individuals, by target.
        weights: SHA-256 of the file that training starts from, or the name of weights without a
            file.
        pictures: what the pixels depend on (`RecordsPlan.pictures`), of each image of the
            catalogue and then of each of `data.more_images`.
    """
    predicted = ["" if target == NOBODY else order[target] for target in data.more_targets]
    rows = zip(
        [*data.images, *data.more_images],
        [*data.individual_ids, *predicted],
        [*map(str, data.folds.tolist()), *[PREDICTED] * len(predicted)],
        pictures,
        strict=True,
    )
    return MadeFrom(
        flat(experiment.model_dump(mode="json", include=SECTIONS)),
        weights,
        digest(list(order)),
        None if data.species is None else digest(data.species.tolist()),
        data.fold,
        tuple(rows),
        None if data.teachers is None else data.teachers.content,
    )


def _older_inputs(experiment: Experiment, data: FoldData, weights: str | None) -> dict[str, Any]:
    """Return what versions before `made_from.json` noted of the inputs."""
    labels = [data.images, data.individual_ids, data.folds.tolist(), data.fold]
    predicted = pseudo_file(experiment, data.fold)
    inputs = {
        "weights": weights,
        "labels": digest(labels),
        "pseudo": sha256(predicted) if experiment.round else None,
    }
    if data.species is not None:
        inputs["species"] = digest(data.species.tolist())
    return inputs
