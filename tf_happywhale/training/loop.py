"""The training loop: epochs of steps, validation by retrieval, the best model kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tf_happywhale.config import Experiment, Train
from tf_happywhale.errors import InputError, TrainingError
from tf_happywhale.files import write_json
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.embedder import build_embedder
from tf_happywhale.records.reader import checked, evaluation_batches, training_batches
from tf_happywhale.records.sampling import balanced_copies
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.validation import validate
from tf_happywhale.training.average import WeightAverage
from tf_happywhale.training.devices import check_batch, choose_strategy, describe
from tf_happywhale.training.embedding import embed
from tf_happywhale.training.loss import Loss
from tf_happywhale.training.optimizer import Optimizers
from tf_happywhale.training.run_folder import log, save_model, save_weights, start_run
from tf_happywhale.training.schedule import learning_rate, picture_size
from tf_happywhale.training.step import make_step


@dataclass(frozen=True)
class Task:
    """What one fold trains and validates on.

    Attributes:
        records: the finished records folder.
        images: the catalogue's images [n].
        individual_ids: who is in them [n].
        targets: the same as int64 [n], by place among all `classes` individuals.
        folds: fold of each image, int64 [n].
        classes: number of individuals of the catalogue.
        fold: the fold that is left out for validation.
        species: the species of each of the `classes`, int64, where a head tells species apart.
        more_images: images of the test split to train on as well.
        more_targets: who is in them, int64, as they were predicted (see `retrieval/pseudo.py`).
    """

    records: Path
    images: list[str]
    individual_ids: list[str]
    targets: np.ndarray
    folds: np.ndarray
    classes: int
    fold: int
    species: np.ndarray | None = None
    more_images: Sequence[str] = ()
    more_targets: Sequence[int] = ()

    def training(self) -> tuple[list[str], np.ndarray]:
        """Images and targets to train on: those of the other folds, and the predicted ones."""
        kept = np.flatnonzero(self.folds != self.fold)
        images = [*(self.images[row] for row in kept), *self.more_images]
        return images, np.concatenate([self.targets[kept], self.more_targets]).astype(np.int64)


def train_fold(run: Path, experiment: Experiment, task: Task) -> dict:
    """Train one fold's model into its run folder; the metrics of the best epoch.

    `checkpoints/best.weights.h5` is always that of the best validation so far, also where training
    stops early.

    Raises:
        ConfigError: the batch does not fit the devices.
        InputError: there are fewer training images than one batch.
        TrainingError: the loss is not finite.
    """
    train = experiment.train
    strategy = choose_strategy()
    check_batch(train.batch_size, strategy.num_replicas_in_sync)
    count = len(task.training()[0])
    steps_per_epoch = count // train.batch_size
    if steps_per_epoch == 0:
        raise InputError(
            f"Fold {task.fold} leaves {count} images to train on, "
            f"fewer than a batch: lower train.batch_size ({train.batch_size})."
        )
    start_run(run, experiment, describe(strategy))
    print(
        f"training fold {task.fold} on {describe(strategy)}: {train.epochs} epochs of "
        f"{steps_per_epoch} steps of {train.batch_size} images"
    )
    keras.utils.set_random_seed(experiment.seed + task.fold)
    with strategy.scope():
        embedder, classifier = build_models(experiment, task)
        optimizers = Optimizers(classifier, train)
        average = (
            WeightAverage(classifier.trainable_variables, train.average) if train.average else None
        )
    loss = Loss(train.target_smoothing, task.species, experiment.model.species_weight)
    step = make_step(strategy, classifier, optimizers, train, loss, average)
    best: dict = {}
    for epoch in range(train.epochs):
        started = time.monotonic()
        batches = _batches(strategy, experiment, task, epoch)
        kept = f"; the best model so far is in {run / 'checkpoints'}" if best else ""
        losses, rate = _train_epoch(step, batches, train, epoch, steps_per_epoch, kept)
        if len(losses) != steps_per_epoch:
            raise InputError(
                f"The TFRecords gave {len(losses)} batches instead of {steps_per_epoch}: delete "
                f"{task.records} and write them again."
            )
        seconds = time.monotonic() - started
        entry = {
            "epoch": epoch,
            "loss": float(np.mean(losses)),
            "learning_rate": rate,
            "seconds": round(seconds, 2),
            "images_per_second": round(len(losses) * train.batch_size / seconds, 1),
        }
        if (epoch + 1) % train.validate_every == 0 or epoch + 1 == train.epochs:
            with average.swapped() if average else nullcontext():
                entry |= validate_fold(embedder, experiment, task)
                if (entry["map5_known"] or 0.0) >= (best.get("map5_known") or 0.0):
                    save_weights(run / "checkpoints" / "best.weights.h5", classifier)
                    best = entry
        log(run, entry)
        tqdm.write(_line(entry))
    classifier.load_weights(run / "checkpoints" / "best.weights.h5")
    save_model(run / "classifier.keras", classifier)
    save_model(run / "model.keras", embedder)
    metrics = {key: value for key, value in best.items() if key != "learning_rate"}
    write_json(run / "metrics.json", metrics)
    return metrics


def _train_epoch(
    step: Callable, batches: Iterator, train: Train, epoch: int, steps_per_epoch: int, kept: str
) -> tuple[list[float], float]:
    """One epoch's steps: the loss of each, and the learning rate of the last.

    Raises:
        TrainingError: a loss is not finite; `kept` says what is left.
    """
    losses, rate = [], 0.0
    for number, (pictures, targets) in enumerate(batches):
        rate = learning_rate(train, epoch * steps_per_epoch + number, steps_per_epoch)
        losses.append(float(step(pictures, targets, tf.constant(rate))))
        if not math.isfinite(losses[-1]):
            raise TrainingError(
                f"The loss is not finite in step {number} of epoch {epoch}: lower "
                f"train.learning_rate ({train.learning_rate}){kept}."
            )
    return losses, rate


def build_models(experiment: Experiment, task: Task) -> tuple[keras.Model, keras.Model]:
    """The embedder and the classifier around it, as the config says."""
    _, kept = task.training()
    counts = np.bincount(kept, minlength=task.classes)
    species_counts = ()
    if task.species is not None:
        kinds = int(task.species.max()) + 1
        species_counts = np.bincount(task.species[kept], minlength=kinds)
    embedder = build_embedder(experiment.model)
    return embedder, build_classifier(embedder, experiment.model, counts, species_counts)


def validate_fold(embedder: keras.Model, experiment: Experiment, task: Task) -> dict:
    """Metrics of the fold's images as queries against the other folds' as gallery."""
    batches = evaluation_batches(
        task.records,
        "train",
        task.images,
        size=experiment.image_size,
        batch_size=experiment.embed.batch_size,
    )
    found = checked(batches, task.records)
    embedding, images = embed(embedder, found, len(task.images), "validation")
    row = {image: n for n, image in enumerate(task.images)}
    rows = np.array([row[image] for image in images])
    individual_ids = np.asarray(task.individual_ids, dtype=np.str_)[rows]
    everything = Embeddings(embedding, images, individual_ids)
    held_out = task.folds[rows] == task.fold
    return validate(
        everything.take(~held_out), everything.take(held_out), experiment.rank.new_share
    )


def _batches(
    strategy: tf.distribute.Strategy, experiment: Experiment, task: Task, epoch: int
) -> Iterator:
    """One epoch's batches, spread over the devices, behind a progress bar."""
    train, (images, targets) = experiment.train, task.training()
    copies = None
    if train.balance:
        copies = balanced_copies(targets, train.balance, experiment.seed, epoch)
    batches = training_batches(
        task.records,
        ("train", "test") if task.more_images else ("train",),
        images,
        targets,
        size=picture_size(train, experiment.image_size, epoch),
        batch_size=train.batch_size,
        settings=experiment.augment,
        shuffle_buffer=train.shuffle_buffer,
        seed=experiment.seed,
        epoch=epoch,
        copies=copies,
    )
    total = len(images) // train.batch_size
    label = f"epoch {epoch + 1}/{train.epochs}"
    if strategy.num_replicas_in_sync > 1:
        batches = strategy.experimental_distribute_dataset(batches)
    # One device reads the data set as it is: a distributed one has an autotuning thread of its own,
    # which holds up the end of an epoch (see records/reader.py).
    spread = checked(batches, task.records)
    return iter(tqdm(spread, total=total, desc=label, unit="step", leave=False))


def _line(entry: dict) -> str:
    line = f"epoch {entry['epoch'] + 1}: loss {entry['loss']:.3f}, {entry['seconds']:.0f} s, "
    line += f"{entry['images_per_second']:.0f} img/s"
    if entry.get("map5_known") is not None:
        line += f", mAP@5 {entry['map5_known']:.3f} on {entry['queries_known']} known individuals'"
        line += " images"
    return line
