"""End a training before its last epoch: make a model of the best epoch so far."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.run_weights import is_own
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.training.finished_files import write_results
from tf_happywhale.training.fold_data import FoldData
from tf_happywhale.training.log.log_file import read_log
from tf_happywhale.training.resume.checkpoint_files import best_weights
from tf_happywhale.training.trainer import build_models


def finish_fold(folder: Path, experiment: Experiment, data: FoldData) -> int:
    """Write the results of a training's best epoch so far into its folder, and return the number of
    its epochs.

    Args:
        folder: of the unfinished training.
        experiment: how it was trained.
        data: what it was trained on.

    Raises:
        InputError: no epoch has been validated yet.
    """
    entries = {entry["epoch"]: entry for entry in read_log(folder)}
    kept = best_weights(folder / "checkpoints")
    epoch = next((n for n in sorted(kept, reverse=True) if n in entries), None)
    if epoch is None:
        raise InputError(
            f"{folder} has no validated epoch yet: there is nothing to make a model from."
        )
    settings = experiment.model
    if not is_own(find_weights(settings.backbone, settings.weights)):
        # Its own weights are loaded. Those of a model say how it normalises pixels, so they stay.
        settings = settings.model_copy(update={"weights": "none"})
    _, classifier = build_models(experiment.model_copy(update={"model": settings}), data)
    classifier.load_weights(kept[epoch])
    metrics = {key: value for key, value in entries[epoch].items() if key != "learning_rate"}
    write_results(folder, experiment, data, classifier, metrics)
    return len(entries)
