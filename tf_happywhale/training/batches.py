"""An epoch's batches for the devices that train."""

from __future__ import annotations

from collections.abc import Iterator

import tensorflow as tf
from tqdm import tqdm

from tf_happywhale.config import Experiment
from tf_happywhale.records.reader import checked, training_batches
from tf_happywhale.records.sampling import balanced_copies
from tf_happywhale.training.schedule import picture_size
from tf_happywhale.training.task import Task


def epoch_batches(
    strategy: tf.distribute.Strategy, experiment: Experiment, task: Task, epoch: int, done: int
) -> Iterator:
    """The batches of an epoch after the first `done`, spread over the devices, behind a progress
    bar.

    Raises:
        InputError: while they are read, the TFRecords are damaged.
    """
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
        skip_batches=done,
    )
    if strategy.num_replicas_in_sync > 1:
        batches = strategy.experimental_distribute_dataset(batches)
    # One device reads the data set as it is: a distributed one has an autotuning thread of its own,
    # which holds up the end of an epoch (see records/reader.py).
    return iter(
        tqdm(
            checked(batches, task.records),
            total=len(images) // train.batch_size,
            initial=done,
            desc=f"epoch {epoch + 1}/{train.epochs}",
            unit="step",
            leave=False,
        )
    )
