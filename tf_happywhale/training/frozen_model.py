"""The model that training starts from, as it is, with whitening: what training has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.models.classifier import without_student
from tf_happywhale.models.sizes import at_sizes
from tf_happywhale.models.weights.run_weights import is_own
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.models.whitened import add_whitening
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.evaluation.training_gain import gain_sentence
from tf_happywhale.training.fold_data import FoldData
from tf_happywhale.training.trainer import build_models
from tf_happywhale.training.validation import embed_fold, unit, whitened

RIDGE = 1.0  # of the whitening where model.whitening is null


@dataclass(frozen=True)
class FrozenModel:
    """A model that nobody has trained on this catalogue.

    Attributes:
        embedder: with model.sizes and whitening.
        classifier: the same network with a head whose centres are the individuals' mean embeddings.
        metrics: of the fold, see `validate`.
    """

    embedder: keras.Model
    classifier: keras.Model
    metrics: dict[str, Any]


def frozen_model(experiment: Experiment, data: FoldData) -> FrozenModel:
    """Build the model that a training starts from, learn its whitening from the images of the other
    folds, and measure it on the fold that is left out.

    What published weights lack is left out: the embedding is what the neck lets through.

    Args:
        experiment: how it is to be trained; `model.weights` are those it starts from.
        data: what it is to be trained and validated on.
    """
    settings = experiment.model
    if not is_own(find_weights(settings.backbone, settings.weights)):
        settings = settings.model_copy(update={"embedding_size": None})
    core, classifier = build_models(experiment.model_copy(update={"model": settings}), data)
    embedder = at_sizes(core, settings.sizes) if settings.sizes else core
    both = embed_fold(by_keras(embedder), experiment, data, "frozen")
    gallery, queries = map(unit, both)
    ridge = settings.whitening or RIDGE
    kernel, bias, metrics = whitened(gallery, queries, ridge, experiment.rank.new_share)
    _set_centres(classifier, gallery, data)
    whitened_model = add_whitening(embedder, kernel, bias)
    return FrozenModel(whitened_model, without_student(classifier), metrics)


def compared(
    trained: dict[str, Any], frozen: dict[str, Any], fold: int, start: str
) -> tuple[dict[str, Any], bool]:
    """Compare a trained model with the frozen one, and print what training has gained.

    Args:
        trained, frozen: their metrics of the fold.
        fold: which one it is.
        start: the weights that training started from.

    Returns:
        The metrics of the model to keep, with `against_frozen` (see `gain_sentence`); and whether
        that is the frozen one: if training gains nothing on images of known individuals.
    """
    before, after = frozen["map5_known"], trained["map5_known"]
    nothing = before is not None and after is not None and after <= before
    told = {
        "frozen": before,
        "trained": after,
        "queries": frozen["queries_known"],
        "kept": "frozen" if nothing else "trained",
        "start": start,
    }
    print(gain_sentence(f"fold {fold}", told))
    return {**(frozen if nothing else trained), "against_frozen": told}, nothing


def _set_centres(classifier: keras.Model, gallery: Embeddings, data: FoldData) -> None:
    """Set each individual's centres in the head to the mean of its embeddings in the gallery; those
    of an individual that the gallery lacks are 0."""
    head = classifier.get_layer("arcface")
    target = dict(zip(data.individual_ids, data.targets.tolist(), strict=True))
    sums = np.zeros((data.classes, gallery.embedding.shape[1]), np.float32)
    np.add.at(sums, [target[who] for who in gallery.individual_id.tolist()], gallery.embedding)
    head.centre.assign(np.repeat(sums, head.subcentres, axis=0))
