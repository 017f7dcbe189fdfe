"""The batches of an epoch, spread over the devices that train."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from tqdm import tqdm

from tf_happywhale.config import Experiment
from tf_happywhale.devices.replicas import cut
from tf_happywhale.devices.strategy import Devices, on_jax
from tf_happywhale.records.epoch_order import EpochOrder, TrainingImages
from tf_happywhale.records.pipeline import checked
from tf_happywhale.records.sampling import balanced_copies
from tf_happywhale.records.training_reader import training_batches
from tf_happywhale.training.fold_data import NOBODY, FoldData
from tf_happywhale.training.schedule import picture_size

SHUFFLED = 8192  # encoded images held for shuffling; another number gives another order


def epoch_batches(
    devices: Devices, experiment: Experiment, data: FoldData, epoch: int, done: int
) -> tqdm:
    """Return the batches of an epoch after the first `done`, in a progress bar.

    A batch holds the same pictures in the same order on any devices. Each device gets its rows.

    Raises:
        InputError: while they are read, the TFRecords are damaged.
    """
    train, (images, targets) = experiment.train, data.training()
    copies = _copies(targets, train.balance, experiment.seed, epoch) if train.balance else None
    teachers = None if data.teachers is None else data.teachers.targets
    splits = ("train", "test") if data.more_images else ("train",)
    batches = training_batches(
        TrainingImages(data.records, splits, images, targets, copies, teachers),
        EpochOrder(experiment.seed, epoch, SHUFFLED),
        size=picture_size(train, experiment.image_size, epoch),
        batch_size=train.batch_size,
        settings=experiment.augment,
        skip_batches=done,
        part=(devices.here.index, devices.here.workers),
    )
    return tqdm(
        _spread(devices, checked(batches, data.records)),
        total=len(images) // train.batch_size,
        initial=done,
        desc=f"epoch {epoch + 1}/{train.epochs}",
        unit="step",
        leave=False,
        disable=not devices.here.chief,
    )


def _copies(targets: np.ndarray, balance: float, seed: int, epoch: int) -> np.ndarray:
    """Return how often each image comes in an epoch; one without a label comes once."""
    copies, known = np.ones(len(targets), np.int64), targets != NOBODY
    copies[known] = balanced_copies(targets[known], balance, seed, epoch)
    return copies


def _spread(devices: Devices, batches: Iterable) -> Iterator:
    """Cut this worker's batches for its devices."""
    for batch in batches:
        yield batch if on_jax() else cut(devices.strategy, batch)
