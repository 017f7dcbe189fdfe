"""A photograph on its way into TFRecords."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.boxes.box import AnyBox


@dataclass(frozen=True)
class Photograph:
    """One image to be written."""

    image: str  # its name in the catalogue
    path: Path
    split: str  # train or test
    fold: int
    target: int
    species: int
    crops: dict[str, AnyBox | None]  # source of each crop and its box; None: the whole picture
    content: str  # hash of the file's bytes


@dataclass(frozen=True)
class Pixels:
    """How a photograph becomes stored crops."""

    size: int
    quality: int
    sources: tuple[str, ...]  # the primary crop's, which all have, then those of further ones
