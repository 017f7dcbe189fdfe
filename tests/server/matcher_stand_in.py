"""A model and a gallery in place of real ones: fast, and without TensorFlow."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.pictures.pixels import decode
from tf_happywhale.retrieval.new_individual.ratings import Rated
from tf_happywhale.server.matcher.matcher import Matcher
from tf_happywhale.server.matcher.matcher_loading import Loading
from tf_happywhale.server.requests.checked_pictures import checked_picture

STAMP = (("gallery.json", 1, 1, 1),)


@dataclass
class StandInGallery:
    """Ten individuals and a new one, as likely as the first pixel is bright."""

    asked: list[list[str]] = field(default_factory=list)

    def rate(self, embedding: np.ndarray, animals: Sequence[str]) -> dict[str, list[Rated]]:
        """As `RatedGallery.rate`."""
        self.asked.append(list(animals))
        found = {}
        for animal in dict.fromkeys(animals):
            own = [row for row, name in zip(embedding, animals, strict=True) if name == animal]
            best = float(np.mean([row[0] for row in own]) / 255)
            rated = [Rated(f"whale{n}", best / (n + 1), f"{n}.jpg") for n in range(12)]
            rated.append(Rated(NEW_INDIVIDUAL, 1 - best))
            found[animal] = sorted(rated, key=lambda one: -one.rating)
        return found


@dataclass
class StandIn:
    """A model whose embedding is the mean colour. It can be held, so that photographs wait.

    Attributes:
        batches: how many pictures it has embedded at once.
        go: it embeds while this is set.
        began: it has begun to embed something.
        most: pictures of a batch.
    """

    batches: list[int] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    gallery: StandInGallery = field(default_factory=StandInGallery)
    most: int = 8
    name: str = "stand-in"
    stamp: tuple = STAMP

    def __post_init__(self) -> None:
        self.go.set()

    def crops(self, file: Path, name: str) -> tuple[np.ndarray, ...]:
        """As `LoadedModel.crops`."""
        checked_picture(file, name)
        return (decode(file.read_bytes(), name).reshape(-1, 3).mean(axis=0),)

    def embed(self, pictures: Sequence[tuple[np.ndarray, ...]]) -> np.ndarray:
        """As `LoadedModel.embed`."""
        self.began.set()
        self.go.wait(20)
        self.batches.append(len(pictures))
        return np.stack([crops[0] for crops in pictures]).astype(np.float32)


def stand_in_matcher(model: StandIn, most: int = 256) -> Matcher:
    """A matcher of a stand-in."""
    return Matcher(Loading(lambda: STAMP, lambda _: model), most)


def jpeg(brightness: int = 100, side: int = 32) -> bytes:
    """A grey photograph."""
    return cv2.imencode(".jpg", np.full((side, side, 3), brightness, np.uint8))[1].tobytes()
