"""Baselines that a trained model must beat: raw pixels, an untrained backbone, and chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import keras
import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.pictures.pixels import crop, read_picture
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.retrieval.metrics import mean_average_precision

BATCH = 64
SHUFFLES = 2000


def read_crops(folder: Path, images: Sequence[str], boxes: dict[str, Box], size: int) -> np.ndarray:
    """Return crops uint8 [n, size, size, 3] of images; without a box the whole image."""
    pictures = (
        crop(read_picture(folder / photograph_of(image)), boxes.get(image)) for image in images
    )
    return np.stack([resize(picture, size) for picture in pictures])


def raw_pixels(crops: np.ndarray, side: int = 64) -> np.ndarray:
    """Return grey crops of side² pixels minus their mean, float32 [n, side²]."""
    small = [cv2.cvtColor(resize(picture, side), cv2.COLOR_RGB2GRAY) for picture in crops]
    flat = np.stack(small).reshape(len(crops), -1).astype(np.float32)
    return flat - flat.mean(axis=1, keepdims=True)


def features(model: keras.Model, crops: np.ndarray) -> np.ndarray:
    """Return a model's outputs float32 [n, d] for crops uint8 [n, h, w, 3]."""
    forward = by_keras(model)
    parts = []
    for start in range(0, len(crops), BATCH):
        batch = crops[start : start + BATCH]
        filled = np.pad(batch, [(0, BATCH - len(batch)), (0, 0), (0, 0), (0, 0)])
        parts.append(forward(filled)[: len(batch)])
    return np.concatenate(parts)


def chance(ranked: Sequence[Sequence[str]], truth: Sequence[str], seed: int) -> tuple[float, float]:
    """Return the mAP@5 of predictions that are shuffled among the queries: its mean, and the value
    that only 2.5% of the shuffles exceed.

    A model reaches this if it knows how often each individual, and a new one, is seen, but nothing
    about the picture.
    """
    precision = np.array(
        [[mean_average_precision([ids], [answer]) for answer in truth] for ids in ranked]
    )
    rng = np.random.default_rng([seed, 0xC4A4CE])
    rows = np.arange(len(truth))
    shuffled = [precision[rows, rng.permutation(len(truth))].mean() for _ in range(SHUFFLES)]
    return float(precision.mean()), float(np.quantile(shuffled, 0.975))
