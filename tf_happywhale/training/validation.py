"""Validation by retrieval: the fold's images as queries, the other folds' as gallery."""

from __future__ import annotations

import keras
import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.models.whitened import add_whitening
from tf_happywhale.records.reader import checked, evaluation_batches
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.validation import validate
from tf_happywhale.retrieval.whitening import within_individuals
from tf_happywhale.training.embedding import embed
from tf_happywhale.training.task import Task


def validate_fold(embedder: keras.Model, experiment: Experiment, task: Task) -> dict:
    """Metrics of the fold's images as queries against the other folds' as gallery."""
    gallery, queries = embed_fold(embedder, experiment, task, "validation")
    return validate(gallery, queries, experiment.rank.new_share)


def whiten(embedder: keras.Model, experiment: Experiment, task: Task) -> keras.Model:
    """The trained embedder with `model.whitening`, learned from the images of the other folds."""
    gallery, _ = embed_fold(embedder, experiment, task, "whitening")
    lengths = np.linalg.norm(gallery.embedding, axis=1, keepdims=True)
    unit = gallery.embedding / lengths
    ridge = experiment.model.whitening
    return add_whitening(embedder, *within_individuals(unit, gallery.individual_id, ridge))


def embed_fold(
    embedder: keras.Model, experiment: Experiment, task: Task, label: str
) -> tuple[Embeddings, Embeddings]:
    """The catalogue's images of the other folds, and of the task's own; `label` is what the
    progress bar says."""
    batches = evaluation_batches(
        task.records,
        "train",
        task.images,
        size=experiment.image_size,
        batch_size=experiment.embed.batch_size,
    )
    found = checked(batches, task.records)
    embedding, images = embed(embedder, found, len(task.images), label)
    row = {image: n for n, image in enumerate(task.images)}
    rows = np.array([row[image] for image in images])
    individual_ids = np.asarray(task.individual_ids, dtype=np.str_)[rows]
    everything = Embeddings(embedding, images, individual_ids)
    held_out = task.folds[rows] == task.fold
    return everything.take(~held_out), everything.take(held_out)
