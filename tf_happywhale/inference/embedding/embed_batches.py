"""Embeddings of batches of pictures, in which each image comes once."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np
from tqdm import tqdm

from tf_happywhale.errors import InputError
from tf_happywhale.inference.engines.runtimes import Forward, by_keras


def embed(
    model: keras.Model | Forward,
    batches: Iterable,
    count: int,
    label: str | None,
    *,
    mirrored: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings [n, d] float32 and image names str [n], in the order of the batches.

    Args:
        model: a Keras model, or a function, of pictures uint8 [b, h, w, 3] to embedding [b, d].
        batches: (pictures, names, mask) of `records.evaluation_reader.evaluation_batches`.
        count: number of images to expect.
        label: the text of the progress bar; None: no bar.
        mirrored: swap left and right in each picture.

    Raises:
        InputError: the number of images is another one.
    """
    forward = by_keras(model) if isinstance(model, keras.Model) else model
    embeddings, names = [], []
    with tqdm(total=count, desc=label, unit="img", leave=False, disable=label is None) as progress:
        for pictures, image, mask in batches:
            kept = mask.numpy()
            shown = pictures[:, :, ::-1] if mirrored else pictures
            embeddings.append(forward(shown.numpy())[kept])
            names += [name.decode("utf-8") for name in image.numpy()[kept]]
            progress.update(int(kept.sum()))
    check_count(len(names), count)
    if not names:
        width = model.output_shape[-1] if isinstance(model, keras.Model) else 0
        return np.zeros((0, width), np.float32), np.zeros(0, np.str_)
    return np.concatenate(embeddings), np.array(names, dtype=np.str_)


def check_count(found: int, asked: int) -> None:
    """Raise InputError if the records do not hold all images that are asked for."""
    if found != asked:
        raise InputError(
            f"The TFRecords hold {found} of the {asked} images asked for: delete their folder "
            "and write them again."
        )
