"""Write the files that a training ends with, made from its best weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from tf_happywhale.config import Experiment
from tf_happywhale.devices.precision import to_float32
from tf_happywhale.disk.files import write_json
from tf_happywhale.inference.engines.runtimes import Forward, by_keras
from tf_happywhale.models.classifier import without_student
from tf_happywhale.models.embedder import synchronise_neck
from tf_happywhale.models.sizes import at_sizes
from tf_happywhale.run_folders.model_files import save_model, save_weights
from tf_happywhale.training.fold_data import FoldData
from tf_happywhale.training.frozen_model import compared, frozen_model
from tf_happywhale.training.validation import validate_fold, whiten


def write_results(
    folder: Path,
    experiment: Experiment,
    data: FoldData,
    classifier: keras.Model,
    metrics: dict[str, Any],
    strategy: Any = None,
    forward: Forward | None = None,
) -> dict[str, Any]:
    """Write the weights, both models and the metrics into a training's folder.

    Args:
        folder: of the training.
        experiment: how it was trained.
        data: what it was trained on.
        classifier: with the best weights.
        metrics: of the best epoch, whose weights these are.
        strategy: that of the devices; None: one device.
        forward: the embedder as a compiled function that computes in float32; None if there is
            none.

    Returns:
        The metrics; they are measured again if the embedder was changed.
    """
    classifier = without_student(classifier)
    save_weights(folder / "checkpoints" / "best.weights.h5", classifier)
    embedder = classifier.get_layer("embedder")
    synchronise_neck(embedder, False)
    to_float32(classifier)
    sizes, whitening = experiment.model.sizes, experiment.model.whitening is not None
    if sizes:
        embedder = at_sizes(embedder, sizes)
    if sizes or (whitening and forward is None):
        forward = by_keras(embedder, strategy)
    if whitening:
        embedder, whitened = whiten(embedder, forward, experiment, data)
        metrics = metrics | whitened
    elif sizes:
        metrics = metrics | validate_fold(forward, experiment, data)
    if experiment.train.against_frozen:
        frozen = frozen_model(experiment, data)
        metrics, better = compared(metrics, frozen.metrics, data.fold, experiment.model.weights)
        if better:
            embedder, classifier = frozen.embedder, frozen.classifier
    save_model(folder / "classifier.keras", classifier)
    save_model(folder / "model.keras", embedder)
    write_json(folder / "metrics.json", metrics)
    return metrics
