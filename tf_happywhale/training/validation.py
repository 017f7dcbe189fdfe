"""Validation by retrieval: the fold's images are queries, the other folds' images the gallery; and
the whitening that is learned from the gallery."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.inference.embedding.embed_batches import embed
from tf_happywhale.inference.engines.runtimes import Forward
from tf_happywhale.models.whitened import add_whitening
from tf_happywhale.records.evaluation_reader import evaluation_batches
from tf_happywhale.records.pipeline import checked
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.evaluation.fold_metrics import validate
from tf_happywhale.retrieval.lengths import unit_rows
from tf_happywhale.training.fold_data import FoldData
from tf_happywhale.training.whitening import within_individuals


def validate_fold(forward: Forward, experiment: Experiment, data: FoldData) -> dict:
    """Return the metrics of the fold's images as queries against the other folds' as gallery.

    Args:
        forward: the embedder as a function made by `by_keras`. It is compiled once, and uses the
            weights that the embedder has when it is called.
        experiment, data: what is validated.
    """
    gallery, queries = embed_fold(forward, experiment, data, "validation")
    return validate(gallery, queries, experiment.rank.new_share)


def whiten(
    embedder: keras.Model, forward: Forward, experiment: Experiment, data: FoldData
) -> tuple[keras.Model, dict]:
    """Return the trained embedder with `model.whitening`, which is learned from the images of the
    other folds; and its metrics. See `validate_fold` for the other arguments and the metrics."""
    sides = [unit(side) for side in embed_fold(forward, experiment, data, "whitening")]
    kernel, bias, metrics = whitened(*sides, experiment.model.whitening, experiment.rank.new_share)
    return add_whitening(embedder, kernel, bias), metrics


def whitened(
    gallery: Embeddings, queries: Embeddings, ridge: float, new_share: float
) -> tuple[np.ndarray, np.ndarray, dict]:
    """Return the whitening that is learned from a gallery of unit rows (see `whitening.py`), and
    the metrics of queries against it."""
    kernel, bias = within_individuals(gallery.embedding, gallery.individual_id, ridge)
    sides = (replace(side, embedding=side.embedding @ kernel + bias) for side in (gallery, queries))
    return kernel, bias, validate(*sides, new_share)


def embed_fold(
    forward: Forward, experiment: Experiment, data: FoldData, label: str
) -> tuple[Embeddings, Embeddings]:
    """Return the embeddings of the other folds' images, and of the fold's own. `label` stands in
    the progress bar."""
    batches = evaluation_batches(
        data.records,
        "train",
        data.images,
        size=experiment.image_size,
        batch_size=experiment.embed.batch_size,
    )
    found = checked(batches, data.records)
    embedding, images = embed(forward, found, len(data.images), label)
    row = {image: n for n, image in enumerate(data.images)}
    rows = np.array([row[image] for image in images])
    individual_ids = np.asarray(data.individual_ids, dtype=np.str_)[rows]
    everything = Embeddings(embedding, images, individual_ids)
    held_out = data.folds[rows] == data.fold
    return everything.take(~held_out), everything.take(held_out)


def unit(side: Embeddings) -> Embeddings:
    """Return embeddings whose rows have length 1."""
    return replace(side, embedding=unit_rows(side.embedding))
