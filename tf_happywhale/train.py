"""Command: train one model a fold, and keep the best by retrieval on that fold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment, variants_of

if TYPE_CHECKING:
    import numpy as np

    from tf_happywhale.catalogue.dataset import DataSet

EXAMPLES = [
    "python -m tf_happywhale.train configs/demo.yaml",
    "python -m tf_happywhale.train configs/right_whale.yaml data.root=DIR fold=1",
    "python -m tf_happywhale.train configs/seed_b0_512.yaml fold=all train.learning_rate=1e-4",
]


def main(experiment: Experiment, started: float | None = None) -> None:
    """Train the folds of the experiment, or of its variants, that are not up to date.

    `train.max_hours` counts from `started`, of `time.monotonic()`; from now where it is not given.
    """
    started = time.monotonic() if started is None else started
    for variant in variants_of(experiment):
        train_folds(variant, started)


def train_folds(experiment: Experiment, started: float) -> None:
    """Train one experiment's folds that are not up to date; the command began at `started`."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.files import digest, sha256
    from tf_happywhale.models.weights.names import find_weights
    from tf_happywhale.places import output_folder, pseudo_file, run_folder, run_name
    from tf_happywhale.records.folder import skipped_images
    from tf_happywhale.records.labels import report_differing
    from tf_happywhale.records.plan import plan_records
    from tf_happywhale.retrieval.trained_on import all_but
    from tf_happywhale.stages import stage
    from tf_happywhale.training.checkpoint import clear
    from tf_happywhale.training.loop import train_fold
    from tf_happywhale.training.run_folder import write_trained_on
    from tf_happywhale.training.start import check_start
    from tf_happywhale.training.task import Task
    from tf_happywhale.training.workers import place

    chief = place().chief
    weights = find_weights(experiment.model.backbone, experiment.model.weights)
    data = load_data(experiment)
    species = _species(experiment, data)  # of all individuals, also of those nobody could read
    records = plan_records(experiment, data).folder
    data = data.without(skipped_images(records))
    report_differing(records, data)
    folds = dict(zip(data.images, data.folds.tolist(), strict=True))
    sections = {"seed", "image_size", "model", "train", "augment"}
    for fold in experiment.folds:
        run = run_folder(experiment, fold)
        check_start(weights, run, fold, folds)
        more_images, more_targets = _predicted(experiment, data, records, fold)
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
        depends_on = {
            "config": _without_limits(experiment.model_dump(mode="json", include=sections)),
            "weights": sha256(Path(weights)) if weights and Path(weights).is_file() else weights,
            "records": records.name,
            "labels": digest([data.images, data.individual_ids, data.folds.tolist(), fold]),
            "pseudo": sha256(pseudo_file(experiment, fold)) if experiment.round else None,
        }
        if species is not None:
            depends_on["species"] = digest(species.tolist())

        def work(run: Path = run, task: Task = task, stamp: str = digest(depends_on)) -> None:
            train_fold(run, experiment, task, stamp=stamp, started=started)
            if chief:
                trained_on = all_but(task.fold, records.name, folds)
                write_trained_on(run, trained_on, data.order)

        stage(
            output_folder(experiment),
            f"train {run_name(experiment)} fold {fold}",
            depends_on=depends_on,
            outputs=[run / "model.keras", run / "classifier.keras", run / "metrics.json"],
            work=work,
            stamps=chief,
        )
        if chief:  # only now: killed before the stamp, it is finished at once
            clear(run / "checkpoints")


def _without_limits(config: dict) -> dict:
    """The config less what decides only when a run stops, what it leaves for going on, and on which
    devices and how quickly it goes on, with the precision that follows from them."""
    left_out = {"checkpoint_minutes", "max_hours", "max_bad_steps", "device", "steps_per_execution"}
    if config["train"]["precision"] == "auto":
        left_out.add("precision")
    if not config["train"]["embedding_mixup"]:
        left_out.add("embedding_mixup")  # models from before there was such a key are up to date
    kept = {key: value for key, value in config["train"].items() if key not in left_out}
    return {**config, "train": kept}


def _predicted(
    experiment: Experiment, data: DataSet, records: Path, fold: int
) -> tuple[list[str], Sequence[int]]:
    """The images to identify that this round trains on, and who was predicted to be in them."""
    from tf_happywhale.catalogue.individuals import to_targets
    from tf_happywhale.pseudo import read_labels

    if experiment.round == 0:
        return [], []
    labels = read_labels(experiment, data, records, fold)
    return list(labels), to_targets([who for who, _ in labels.values()], data.order)


def _species(experiment: Experiment, data: DataSet) -> np.ndarray | None:
    """The species of each individual, where the model has a head for them."""
    from tf_happywhale.catalogue.individuals import species_of
    from tf_happywhale.errors import ConfigError

    if not experiment.model.species_weight:
        return None
    species = list(data.catalogue["species"])
    if not any(species):
        raise ConfigError(
            f"model.species_weight is {experiment.model.species_weight}, but the catalogue names "
            "no species: set it to 0."
        )
    return species_of(data.order, data.individual_ids, species)


if __name__ == "__main__":
    command(main, "train", __doc__, EXAMPLES)
