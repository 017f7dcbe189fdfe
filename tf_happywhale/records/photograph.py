"""A photograph on its way into TFRecords."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.boxes import Box


@dataclass(frozen=True)
class Photograph:
    """One image to be written."""

    image: str  # its name in the catalogue
    path: Path
    split: str  # train or test
    fold: int
    target: int
    species: int
    box: Box | None
    content: str  # hash of the file's bytes


@dataclass(frozen=True)
class Pixels:
    """How a photograph becomes a stored crop."""

    size: int
    quality: int
    source: str
