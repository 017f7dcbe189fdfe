"""A contact sheet of a few images as the model sees them in training, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.disk.files import write_bytes
from tf_happywhale.pictures.pixels import encode_jpeg
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.records.epoch_order import EpochOrder, TrainingImages
from tf_happywhale.records.evaluation_reader import evaluation_batches
from tf_happywhale.records.pipeline import checked
from tf_happywhale.records.training_reader import training_batches

GAP = 4  # pixels between pictures


def draw_sheet(
    file: Path,
    folder: Path,
    images: Sequence[str],
    experiment: Experiment,
    *,
    epochs: int = 7,
    side: int = 192,
) -> None:
    """Write a JPEG with a row for each image: first as in evaluation, then in each epoch.

    Args:
        file: where to write it.
        folder: the records folder.
        images: some of its train images.
        experiment: its size, augmentations and seed.
        epochs: columns after the first.
        side: side of a picture on the sheet, pixels.
    """
    size, many = experiment.image_size, len(images)
    rows: dict[str, list[np.ndarray]] = {image: [] for image in images}
    plain = evaluation_batches(folder, "train", images, size=size, batch_size=many)
    for pictures, names, _ in checked(plain, folder):
        for picture, name in zip(pictures.numpy(), names.numpy(), strict=True):
            rows[name.decode("utf-8")].append(picture)
    numbered = TrainingImages(folder, ["train"], images, range(many))
    for epoch in range(epochs):
        order = EpochOrder(experiment.seed, epoch, shuffle_buffer=many)
        batches = training_batches(
            numbered, order, size=size, batch_size=many, settings=experiment.augment
        )
        for pictures, targets in checked(batches, folder):
            targets = targets[0] if isinstance(targets, tuple) else targets
            for picture, target in zip(pictures.numpy(), targets.numpy(), strict=True):
                rows[images[target]].append(picture)
    write_bytes(file, encode_jpeg(_sheet(list(rows.values()), side), 90))


def _sheet(rows: Sequence[Sequence[np.ndarray]], side: int) -> np.ndarray:
    """Return rows of pictures of `side` pixels on white, uint8 RGB [h, w, 3]."""
    step = side + GAP
    sheet = np.full((len(rows) * step - GAP, len(rows[0]) * step - GAP, 3), 255, np.uint8)
    for y, pictures in enumerate(rows):
        for x, picture in enumerate(pictures):
            place = (slice(y * step, y * step + side), slice(x * step, x * step + side))
            sheet[place] = resize(picture, side)
    return sheet
