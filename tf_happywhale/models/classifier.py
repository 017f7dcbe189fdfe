"""The network that is trained: an embedder with ArcFace heads for individuals and species."""

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


def build_classifier(
    embedder: keras.Model,
    settings: Model,
    counts: Sequence[int],
    species_counts: Sequence[int] = (),
) -> keras.Model:
    """Return the embedder with its heads.

    Args:
        embedder: from `build_embedder`.
        settings: margins, scales, sub-centres, and the species head's weight.
        counts: the number of training images of each individual, in label order.
        species_counts: the same for each species; needed if `settings.species_weight` is not 0.

    Returns:
        Model of [pictures, target int [n]] to logits float32 [n, individuals]; with a species head
        of [pictures, target, species int [n]] to a list of those and [n, species].
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
    logits = head(embedding, target)
    if not settings.species_weight:
        return keras.Model([pictures, target], logits, name="classifier")
    species = keras.Input((), dtype="int64", name="species")
    species_head = ArcFace(
        len(species_counts),
        _margins(SPECIES_MARGIN, settings.margin, species_counts),
        SPECIES_SCALE,
        name="arcface_species",
    )
    both = [logits, species_head(embedding, species)]
    return keras.Model([pictures, target, species], both, name="classifier")


def _margins(
    rule: tuple[float, float, float] | None, margin: float, counts: Sequence[int]
) -> float | np.ndarray:
    if rule is None:
        return margin
    factor, exponent, offset = rule
    return dynamic_margins(counts, factor=factor, exponent=exponent, offset=offset)
