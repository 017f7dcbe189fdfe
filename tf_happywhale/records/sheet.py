"""A contact sheet of what the model sees in training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tf_happywhale.disk.files import write_bytes
from tf_happywhale.pictures.pixels import encode_jpeg
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.records.augmentation.one_picture import Settings
from tf_happywhale.records.reader import checked, evaluation_batches, training_batches

GAP = 4


def draw_sheet(
    file: Path,
    folder: Path,
    images: Sequence[str],
    *,
    size: int,
    settings: Settings,
    seed: int,
    epochs: int,
    side: int,
) -> None:
    """Write a JPEG with a row for each image: as evaluation sees it, then one epoch after another.

    Args:
        file: where to.
        folder: the records folder.
        images: some of its train images.
        size: side of the model's input.
        settings, seed: the augmentation's.
        epochs: columns beside the first.
        side: of a picture on the sheet, pixels.
    """
    rows = {image: [] for image in images}
    plain = evaluation_batches(folder, "train", images, size=size, batch_size=len(images))
    for pictures, names, _ in checked(plain, folder):
        for picture, name in zip(pictures.numpy(), names.numpy(), strict=True):
            rows[name.decode("utf-8")].append(picture)
    for epoch in range(epochs):
        batches = training_batches(
            folder, ["train"], images, range(len(images)), size=size, batch_size=len(images),
            settings=settings, shuffle_buffer=len(images), seed=seed, epoch=epoch,
        )  # fmt: skip
        for pictures, targets in checked(batches, folder):
            targets = targets[0] if isinstance(targets, tuple) else targets
            for picture, target in zip(pictures.numpy(), targets.numpy(), strict=True):
                rows[images[target]].append(picture)
    step = side + GAP
    sheet = np.full((len(images) * step - GAP, (epochs + 1) * step - GAP, 3), 255, np.uint8)
    for y, pictures in enumerate(rows.values()):
        for x, picture in enumerate(pictures):
            place = (slice(y * step, y * step + side), slice(x * step, x * step + side))
            sheet[place] = resize(picture, side)
    write_bytes(file, encode_jpeg(sheet, 90))
