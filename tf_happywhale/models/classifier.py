"""The network that is trained: an embedder with heads for individuals, species and teachers."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from tf_happywhale.config import Model
from tf_happywhale.models.layers.arcface import ArcFace
from tf_happywhale.models.margins import dynamic_margins

# Of the first place in Happywhale: https://github.com/knshnb/kaggle-happywhale-1st-place,
# config/default.yaml.
SPECIES_MARGIN = (0.226253, -0.720133, 0.05)  # factor, exponent and offset of `dynamic_margins`
SPECIES_SCALE = 33.14
STUDENT = "student"  # the layer that speaks to the teachers


def build_classifier(
    embedder: keras.Model,
    settings: Model,
    counts: Sequence[int],
    species_counts: Sequence[int] = (),
    taught: int = 0,
) -> keras.Model:
    """Return the embedder with its heads.

    Args:
        embedder: from `build_embedder`.
        settings: margins, scales, sub-centres, and the species head's weight.
        counts: the number of training images of each individual, in label order.
        species_counts: the same for each species; needed if `settings.species_weight` is not 0.
        taught: how many numbers of its teachers the model learns for each picture; 0: none.

    Returns:
        Model of [pictures, target int [n]] to logits float32 [n, individuals]; with a species head
        of [pictures, target, species int [n]] to a list of those and [n, species]. If it is taught,
        the list ends in what the embedding says of the teachers, float32 [n, taught], by one linear
        layer.
    """
    pictures = keras.Input((None, None, 3), name="picture")
    target = keras.Input((), dtype="int64", name="target")
    embedding = embedder(pictures)
    head = ArcFace(
        len(counts),
        _margins(settings.dynamic_margin, settings.margin, counts),
        settings.scale,
        settings.easy_margin,
        settings.label_smoothing,
        settings.subcentres,
        name="arcface",
    )
    inputs, outputs = [pictures, target], [head(embedding, target)]
    if settings.species_weight:
        species = keras.Input((), dtype="int64", name="species")
        species_head = ArcFace(
            len(species_counts),
            _margins(SPECIES_MARGIN, settings.margin, species_counts),
            SPECIES_SCALE,
            name="arcface_species",
        )
        inputs.append(species)
        outputs.append(species_head(embedding, species))
    if taught:
        outputs.append(keras.layers.Dense(taught, dtype="float32", name=STUDENT)(embedding))
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name="classifier")


def without_student(classifier: keras.Model) -> keras.Model:
    """Return a classifier without the layer that only its teachers need; the layers are shared."""
    if not any(layer.name == STUDENT for layer in classifier.layers):
        return classifier
    outputs = classifier.outputs[:-1]
    outputs = outputs if len(outputs) > 1 else outputs[0]
    return keras.Model(classifier.inputs, outputs, name=classifier.name)


def _margins(
    rule: tuple[float, float, float] | None, margin: float, counts: Sequence[int]
) -> float | np.ndarray:
    if rule is None:
        return margin
    factor, exponent, offset = rule
    return dynamic_margins(counts, factor=factor, exponent=exponent, offset=offset)
