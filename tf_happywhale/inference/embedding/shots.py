"""A shot: one animal in one photograph, with its boxes. It is what is cropped and embedded."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox
from tf_happywhale.catalogue.boxes.box_text import box_text
from tf_happywhale.catalogue.photographs.camera_facts import CameraFacts
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.pictures.damage import complaint
from tf_happywhale.pictures.jpeg_region import picture_size, read_crops
from tf_happywhale.pictures.pixels import read_file
from tf_happywhale.pictures.quality import sharpness
from tf_happywhale.pictures.resizing import resize


@dataclass(frozen=True)
class Shot:
    """One animal in one photograph.

    Attributes:
        image: the animal's key.
        path: the photograph.
        content: SHA-256 of its bytes; empty if any content will do.
        boxes: box by source. A source without a box takes the box of the records' own source, and
            without that the whole picture.
        confidence: the detector's in that own source's box, 0 if it found none; NaN if no detector
            was asked.
        camera: what the photograph's EXIF says.
    """

    image: str
    path: Path
    content: str
    boxes: Mapping[str, AnyBox] = field(default_factory=dict)
    confidence: float = math.nan
    camera: CameraFacts = field(default_factory=CameraFacts)

    def key(self, model: TrainedModel) -> str:
        """Return a digest of what its embedding by a model depends on."""
        return digest([self.content, list(map(str, self.boxes_for(model))), model.sizes])

    def source(self, model: TrainedModel) -> str:
        """Return the source of the box that the model's first crop is cut from."""
        first = model.sources[0]
        return first if first in self.boxes else model.primary

    def boxes_for(self, model: TrainedModel) -> list[AnyBox | None]:
        """Return the box of each crop that a model embeds, as in its records; None: whole."""
        primary = self.boxes.get(model.primary)
        return [
            None if source == WHOLE else self.boxes.get(source, primary) for source in model.sources
        ]


def read_shot(shot: Shot, model: TrainedModel) -> tuple[np.ndarray, dict[str, str]]:
    """Return the crops uint8 [sources, s, s, 3] that a model embeds, and facts about the shot as
    text: `side`, `sharpness` and `box` of the first crop, and `damage` of the file.

    Raises:
        InputError: the photograph cannot be read, or is not the one that was hashed.
    """
    encoded = read_file(shot.path)
    if shot.content and hashlib.sha256(encoded).hexdigest() != shot.content:
        raise InputError(f"{shot.path} has changed meanwhile: run the same command again.")
    boxes = shot.boxes_for(model)
    crops = stored_crops(encoded, boxes, model, shot.image)
    width, height = picture_size(encoded, shot.image)
    inside = boxes[0].clip(width, height) if boxes[0] else None
    if inside:
        width, height = inside.xmax - inside.xmin, inside.ymax - inside.ymin
    facts = {
        "side": str(min(width, height)),
        "sharpness": f"{sharpness(crops[0]):.5f}",
        "box": box_text(shot.source(model), inside) if inside else "",
        "damage": complaint(encoded),
    }
    return as_seen(crops, model), facts


def stored_crops(
    encoded: bytes, boxes: Sequence[AnyBox | None], model: TrainedModel, name: str
) -> list[np.ndarray]:
    """Return the crops uint8 [s, s, 3] of a photograph's bytes, one for each box, as a model's
    records store them; errors: see `read_crops`."""
    # A model of others has learned from pictures that were squashed in another way than ours.
    return read_crops(encoded, boxes, model.sizes[0], name, smooth=model.published is not None)


def as_seen(crops: Sequence[np.ndarray], model: TrainedModel) -> np.ndarray:
    """Return stored crops as the model sees them, uint8 [sources, s, s, 3]."""
    return np.stack([resize(crop, model.sizes[1]) for crop in crops])
