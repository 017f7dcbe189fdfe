"""Images of a gallery that no model was trained on, although it knows their individuals."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.retrieval.embeddings import Embeddings

MADE_FROM = ("made_from.json", "made_from.csv")  # what a training leaves in its run folder


def held_out(models: Sequence[TrainedModel], gallery: Embeddings) -> np.ndarray:
    """Return which images of a gallery every model has left out for its validation, bool [m].

    Cosines of other images are higher than those of new photographs will be, since the models were
    taught to make them high. So only these can say what a cosine is worth.

    Args:
        models: with the fold that each has left out, as its run folder says; none if it does not.
        gallery: the reference images, with the names that the catalogue has.
    """
    left_out = [_validation_images(model.folder) for model in models]
    images = set.intersection(*left_out) if left_out else set()
    pairs = zip(gallery.image.tolist(), gallery.individual_id.tolist(), strict=True)
    return np.array([pair in images for pair in pairs], bool)


def _validation_images(run: Path) -> set[tuple[str, str]]:
    """Return image and individual of each image in the fold that a model was not trained on."""
    about, pictures = (run / name for name in MADE_FROM)
    try:
        fold = str(json.loads(about.read_text(encoding="utf-8"))["fold"])
        with pictures.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return {(row["image"], row["individual_id"]) for row in rows if row["part"] == fold}
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return set()
