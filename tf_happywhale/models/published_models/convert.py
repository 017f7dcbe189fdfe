"""A published checkpoint as a Keras model like those that are trained here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.build import (
    ARCHITECTURES,
    build_variant,
    build_vit,
    side_of,
)
from tf_happywhale.models.backbones.swin_variants import SWINS
from tf_happywhale.models.backbones.vit import vit_embedding
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.models.published_models.checkpoint import Renamed, read_checkpoint
from tf_happywhale.models.published_models.table import PublishedModel
from tf_happywhale.models.weights.fill_network import fill
from tf_happywhale.models.weights.swin_names import swin_names

# Classifiers of the individuals that it was trained on; what hides patches in DINOv2's training.
UNUSED = ("head.", "final.", "mask_token")
NORM = "bn."
# GeM's exponent: in a checkpoint of MiewID's training, and in those on the hub.
EXPONENT = ("pooling.p", "backbone.global_pool.p")


def convert(published: PublishedModel, checkpoint: Path) -> keras.Model:
    """Return a published model with the weights of its checkpoint.

    Args:
        published: which model it is.
        checkpoint: its file, as it was published.

    Returns:
        Model of RGB pictures [n, h, w, 3], uint8 or float in 0–255, to embedding [n, d] float32,
        not L2-normalised; of a `fixed` one, h and w are its size. Normalising the pixels is its
        first layer. It is named and built as `build_embedder` does, so that a training can start
        from one that is not `fixed`.

    Raises:
        InputError: the file is missing, cut off, of another format or another model, or it holds
            more than tensors, numbers and text.
    """
    named, embedder = named_tensors(published, checkpoint), build_published(published)
    fill(embedder, named, **_words(published, checkpoint))
    return embedder


def named_tensors(published: PublishedModel, checkpoint: Path) -> Mapping[str, np.ndarray]:
    """Return the tensors of a checkpoint by timm's names, those of the pooling as `gem.p`, and
    those of a BatchNorm behind it as `neck.weight` and so on. `UNUSED` ones are left out. Errors:
    see `convert`."""
    tensors = read_checkpoint(Path(checkpoint))
    stored = _stored_names(published, tensors, _words(published, checkpoint))
    if published.backbone in SWINS:
        stored = swin_names(stored)
    return Renamed(tensors, stored)


def build_published(published: PublishedModel) -> keras.Model:
    """Return the network of a published model with random weights; see `convert`."""
    variant = replace(ARCHITECTURES[published.backbone], mean_std=published.mean_std)
    side = side_of(variant)
    pictures = keras.Input((side, side, 3), name="picture")
    if published.pooling == "token":
        features = build_vit(variant, name=published.backbone)(pictures)
        return keras.Model(pictures, vit_embedding(features, variant), name="embedder")
    x = build_variant(variant, name=published.backbone)(pictures)
    if published.pooling == "gem":
        x = GeM(3.0, name="gem")(x)
    else:
        x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(x)
    if published.norm:
        norm = keras.layers.BatchNormalization(
            momentum=0.9, epsilon=1e-5, dtype="float32", name="neck"
        )
        x = norm(x)
    return keras.Model(pictures, x, name="embedder")


def _words(published: PublishedModel, checkpoint: Path) -> dict[str, str]:
    """Return what sentences call the file and the model, and what to do if they do not fit."""
    origin = f"{published.file} of {published.source}" if published.source else published.file
    return {"file": str(checkpoint), "owner": published.name, "fix": f"take {origin}"}


def _stored_names(
    published: PublishedModel, tensors: Mapping[str, np.ndarray], words: Mapping[str, str]
) -> dict[str, str]:
    """Return the stored name of each tensor by the name that `fill` wants. `UNUSED` ones are left
    out."""
    stored: dict[str, str] = {}
    for name in tensors:
        if name.startswith(UNUSED):
            continue
        new = _new_name(published, name)
        if new is None:
            raise InputError(
                f"{words['file']} is not {words['owner']}'s: it has a {name}, whose name does not "
                f"begin with {published.prefix}; {words['fix']}."
            )
        if new in stored and not np.array_equal(tensors[stored[new]], tensors[name]):
            raise InputError(
                f"{words['file']} is not {words['owner']}'s: its {stored[new]} and {name} should "
                f"be the same and differ; {words['fix']}."
            )
        stored[new] = name
    return stored


def _new_name(published: PublishedModel, name: str) -> str | None:
    """Return the name that `fill` wants for a stored one; None if the model has none like it."""
    if published.pooling == "gem" and name in EXPONENT:
        return "gem.p"
    if published.norm and name.startswith(NORM):
        return f"neck.{name.removeprefix(NORM)}"
    return name.removeprefix(published.prefix) if name.startswith(published.prefix) else None
