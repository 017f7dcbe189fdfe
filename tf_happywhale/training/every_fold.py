"""Command: train one model a fold, and keep the best by retrieval on that fold."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment, variants_of

if TYPE_CHECKING:
    import numpy as np

    from tf_happywhale.catalogue.dataset import DataSet
    from tf_happywhale.records.plan import RecordsPlan
    from tf_happywhale.training.fold_data import Task
    from tf_happywhale.training.resume.made_from import MadeFrom
    from tf_happywhale.training.resume.older_stamps import Older

VERBS = {
    "train": "train the folds that are not up to date; resume one that was stopped (the default)",
    "finish": "end a training that was stopped: model.keras is made from its best epoch so far",
}
EXAMPLES = [
    "python -m tf_happywhale.train configs/demo.yaml",
    "python -m tf_happywhale.train configs/right_whale.yaml data.root=DIR fold=1",
    "python -m tf_happywhale.train configs/original_b0_512.yaml fold=all train.learning_rate=1e-4",
    "python -m tf_happywhale.train finish configs/original_b0_512.yaml",
]


def main(experiment: Experiment, started: float | None = None) -> None:
    """Train the folds of the experiment, or of its variants, that are not up to date.

    `train.max_hours` counts from `started`, of `time.monotonic()`; from now if it is not given.
    """
    started = time.monotonic() if started is None else started
    for variant in variants_of(experiment):
        train_folds(variant, started)


def handle(verb: str, experiment: Experiment) -> None:
    """Train, or finish, as the verb says."""
    if verb == "train":
        main(experiment)
    else:
        finish(experiment)


def train_folds(experiment: Experiment, started: float) -> None:
    """Train one experiment's folds that are not up to date. The command began at `started`.

    Raises:
        InputError: a fold has an unfinished training of something else, or another process is
            training it.
    """
    from functools import partial

    from tf_happywhale.devices.workers import place
    from tf_happywhale.places import output_folder, run_name
    from tf_happywhale.run_folders.contents import OUTPUTS, settle
    from tf_happywhale.stages import stage, up_to_date
    from tf_happywhale.training.resume import unfinished

    chief = place().chief
    for job in jobs_of(experiment):
        output, run = output_folder(experiment), job.run
        name = f"train {run_name(experiment)} fold {job.task.fold}"
        outputs = [run / file for file in OUTPUTS]
        if chief:
            settle(run)
            is_current = partial(up_to_date, output, name, outputs=outputs)
            unfinished.note_older(run, job.older, lambda form, ask=is_current: ask(depends_on=form))
        stage(
            output,
            name,
            depends_on={"made_from": job.asked.stamp()},
            outputs=outputs,
            work=lambda job=job: train_job(experiment, job, started, chief),
            stamps=chief,
            older=job.older.same(run),
            known=unfinished.is_finished(run, job.asked, again=experiment.train.restart),
        )


def train_job(experiment: Experiment, job: Job, started: float, chief: bool) -> None:
    """Train one fold in a folder of its own, and put its model in the place of the one before."""
    from contextlib import nullcontext

    from tf_happywhale.disk.locks import locked
    from tf_happywhale.disk.swap import AT_WORK
    from tf_happywhale.records.manifest import read_manifest
    from tf_happywhale.run_folders.contents import TRAINING, write_trained_on
    from tf_happywhale.training.loop import train_fold
    from tf_happywhale.training.resume import unfinished

    read_manifest(job.task.records)  # raises before anything is changed
    run, restart = job.run, experiment.train.restart
    with locked(run, AT_WORK) if chief else nullcontext():
        if chief:
            unfinished.end(run)
        if unfinished.is_finished(run, job.asked, again=restart):
            return  # killed before the stage was noted, or another process has just done it
        unfinished.say_why(run, job.asked, job.older)
        stamp = unfinished.prepare(run, job.asked, job.older, restart=restart, chief=chief)
        folder = run / TRAINING
        train_fold(folder, experiment, job.task, stamp=stamp, started=started)
        if chief:
            write_trained_on(folder, job.trained_on, job.order)
            unfinished.put_in_place(run)


def finish(experiment: Experiment) -> None:
    """Make a model of the best epoch so far of each unfinished training.

    Raises:
        InputError: there is none, it has no validated epoch yet, or photographs or labels are not
            those that it has seen.
    """
    from tf_happywhale.disk.locks import locked
    from tf_happywhale.disk.swap import AT_WORK
    from tf_happywhale.errors import InputError
    from tf_happywhale.run_folders.contents import TRAINING, write_trained_on
    from tf_happywhale.training.finish_early import finish_fold
    from tf_happywhale.training.resume import unfinished
    from tf_happywhale.training.resume.checkpoint_files import is_begun

    done = 0
    for variant in variants_of(experiment):
        for job in jobs_of(variant):
            run, folder = job.run, job.run / TRAINING
            with locked(run, AT_WORK):
                unfinished.end(run)
                if not is_begun(folder):
                    print(f"{run}: there is no unfinished training")
                    continue
                settings = unfinished.settings_to_finish(run, job.asked, job.older)
                epochs = finish_fold(folder, settings, job.task)
                unfinished.note_finish(folder, epochs, settings.train.epochs)
                write_trained_on(folder, job.trained_on, job.order)
                unfinished.put_in_place(run)
            print(f"{run}: model.keras is the best of {epochs} epochs; the training has ended")
            done += 1
    if not done:
        raise InputError(
            "No unfinished training has been found: `train` starts one, and resumes one that was "
            "stopped."
        )


@dataclass(frozen=True)
class Job:
    """The training of one fold.

    Attributes:
        run: its run folder.
        task: what it trains on.
        asked: what it is to be made from.
        older: `asked` in the form of earlier versions.
        trained_on: the folds that the model will have seen, as its embeddings name them.
        order: all individuals, by target.
    """

    run: Path
    task: Task
    asked: MadeFrom
    older: Older
    trained_on: str
    order: list[str]


def jobs_of(experiment: Experiment) -> Iterator[Job]:
    """The training of each fold of an experiment; its catalogue and records are read and checked
    before the first."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.disk.hashes import digest, sha256
    from tf_happywhale.models.weights.names import find_weights
    from tf_happywhale.places import pseudo_file, run_folder
    from tf_happywhale.records.labels import report_differing
    from tf_happywhale.records.manifest import same_training, skipped_images
    from tf_happywhale.records.plan import plan_records
    from tf_happywhale.retrieval.ensemble.trained_on import all_but
    from tf_happywhale.training.fold_data import Task
    from tf_happywhale.training.resume.made_from import made_from
    from tf_happywhale.training.resume.older_stamps import Older
    from tf_happywhale.training.start_weights import check_start

    weights = find_weights(experiment.model.backbone, experiment.model.weights)
    start = sha256(Path(weights)) if weights and Path(weights).is_file() else weights
    data = load_data(experiment)
    species = _species(experiment, data)  # of all individuals, also of those nobody could read
    plan = plan_records(experiment, data)
    records = plan.folder
    data = data.without(skipped_images(records))
    report_differing(records, data)
    pictures = plan.pictures("train", data.images)
    folds = dict(zip(data.images, data.folds.tolist(), strict=True))
    for fold in experiment.folds:
        check_start(weights, run_folder(experiment, fold), fold, folds)
        more_images, more_targets = _predicted(experiment, data, plan, fold)
        task = Task(
            records,
            data.images,
            data.individual_ids,
            data.targets,
            data.folds,
            len(data.order),
            fold,
            species,
            more_images,
            more_targets,
        )
        more_pictures = plan.pictures("test", more_images)
        asked = made_from(experiment, task, data.order, start, pictures, more_pictures)
        before = {
            "weights": start,
            "labels": digest([data.images, data.individual_ids, data.folds.tolist(), fold]),
            "pseudo": sha256(pseudo_file(experiment, fold)) if experiment.round else None,
        }
        if species is not None:
            before["species"] = digest(species.tolist())
        run = run_folder(experiment, fold)
        trained_on = all_but(fold, records.name, folds)
        # The first round reads the catalogue's examples alone: those to identify may be others.
        names = [records.name] if experiment.round else same_training(records)
        yield Job(run, task, asked, Older(asked, before, names), trained_on, data.order)


def _predicted(
    experiment: Experiment, data: DataSet, plan: RecordsPlan, fold: int
) -> tuple[list[str], Sequence[int]]:
    """The images to identify that this round trains on, and who was predicted to be in them."""
    from tf_happywhale.catalogue.animals.individuals import to_targets
    from tf_happywhale.pseudo import read_labels

    if experiment.round == 0:
        return [], []
    labels = read_labels(experiment, data, plan, fold)
    return list(labels), to_targets([who for who, _ in labels.values()], data.order)


def _species(experiment: Experiment, data: DataSet) -> np.ndarray | None:
    """The species of each individual, where the model has a head for them."""
    from tf_happywhale.catalogue.animals.individuals import species_targets
    from tf_happywhale.errors import ConfigError

    if not experiment.model.species_weight:
        return None
    species = list(data.catalogue["species"])
    if not any(species):
        raise ConfigError(
            f"model.species_weight is {experiment.model.species_weight}, but the catalogue names "
            "no species: set it to 0."
        )
    return species_targets(data.order, data.individual_ids, species)


if __name__ == "__main__":
    command(handle, "train", __doc__, EXAMPLES, VERBS)
