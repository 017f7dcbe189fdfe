"""A published model that does not exist: a file of random numbers, and a small network for them."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.models.published_models import checking, fetching
from tf_happywhale.models.published_models.table import PUBLISHED, PublishedModel

NAME = "tinyfin"
FILE = "tinyfin.safetensors"
GOOD, WRONG = b"random numbers", b"another model"
TINY = PublishedModel(
    name=NAME,
    network="tiny",
    backbone="lite0",
    pooling="gem",
    norm=True,
    size=64,
    mean_std=((0.5,) * 3, (0.5,) * 3),
    embedding=24,
    trained_on="somebody's dolphins",
    licence="CC-BY-4.0",
    restricted="",
    source="hf://nobody/tinyfin",
    file=FILE,
    sha256="",
)


def network(published: PublishedModel = TINY) -> keras.Model:
    """Return the small network, with the same random weights each time."""
    keras.utils.set_random_seed(7)
    pictures = keras.Input((None, None, 3), name="picture")
    x = keras.layers.Rescaling(1 / 127.5, -1, name="normalise")(pictures)
    x = keras.layers.Conv2D(published.embedding, 5, 4, activation="relu", name="conv")(x)
    backbone = keras.Model(pictures, x, name=published.backbone)
    given = keras.Input((None, None, 3), name="picture")
    pooled = GeM(3.0, name="gem")(backbone(given))
    neck = keras.layers.BatchNormalization(dtype="float32", name="neck")(pooled)
    return keras.Model(given, neck, name="embedder")


def convert(published: PublishedModel, checkpoint: Path) -> keras.Model:
    """As `convert`."""
    if checkpoint.read_bytes() != GOOD:
        raise InputError(f"{checkpoint} is not {published.name}'s.")
    return network(published)


def use(monkeypatch: pytest.MonkeyPatch, home: Path, *models: PublishedModel) -> Path:
    """Let the models be published, and converted into folders in `home`; return the file."""
    for published in models or (TINY,):
        monkeypatch.setitem(PUBLISHED, published.name, published)
    for module in (fetching, checking):
        monkeypatch.setattr(module, "convert", convert)
    monkeypatch.setenv("HAPPYWHALE_MODELS", str(home / "models"))
    file = home / FILE
    file.write_bytes(GOOD)
    return file


def noise(size: int = 64, count: int = 2) -> np.ndarray:
    """Return random pictures uint8 [count, size, size, 3]."""
    shape = (count, size, size, 3)
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
