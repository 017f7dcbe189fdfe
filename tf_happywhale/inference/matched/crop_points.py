"""Points of animals' crops: found once for each picture and box, and kept."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tf_happywhale.catalogue.boxes.box_text import parse_box
from tf_happywhale.config import Match
from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.point_store import PointStore, point_key
from tf_happywhale.inference.matched.match_networks import FindsPoints
from tf_happywhale.matching.local_points import LocalPoints
from tf_happywhale.pictures.longer_side import read_longer_side
from tf_happywhale.pictures.pixels import read_file
from tf_happywhale.retrieval.embeddings import Embeddings

BATCH = 8  # pictures given to the network at a time
KEEP_AFTER = 30.0  # seconds of work that may be lost if the process is killed
KEEP_AT = 512  # pictures


@dataclass(frozen=True)
class Crop:
    """An animal's crop: a photograph, the SHA-256 of its bytes, and a box in it as text."""

    image: str
    path: Path
    content: str
    box: str

    @property
    def key(self) -> str:
        """See `point_key`."""
        return point_key(self.content, self.box)

    def read(self, settings: Match) -> np.ndarray:
        """Return the picture uint8 RGB [h, w, 3] that is matched.

        Raises:
            InputError: the photograph cannot be read, or has changed.
        """
        encoded = read_file(self.path)
        if hashlib.sha256(encoded).hexdigest() != self.content:
            raise InputError(f"{self.path} has changed meanwhile: run the same command again.")
        box = parse_box(self.box)[1] if self.box else None
        return read_longer_side(encoded, box, settings.size, settings.margin, self.image)


def crops_of(images: Embeddings) -> list[Crop]:
    """Return the crops that embeddings were made from, by their columns picture, content and box.

    A photograph that is not there has an empty content.
    """
    crops = []
    names = ("picture", "content", "box")
    columns = [images.column(name).tolist() for name in names]
    for image, picture, content, box in zip(images.image.tolist(), *columns, strict=True):
        path = Path(picture)
        if not content and picture and path.is_file():  # as in galleries of older versions
            content = sha256(path)
        crops.append(Crop(image, path, content, box))
    return crops


def find_points(
    crops: Sequence[Crop],
    settings: Match,
    extractor: FindsPoints,
    stores: Sequence[PointStore],
    into: PointStore,
    label: str,
) -> dict[str, str]:
    """Find the points of crops that no store has, and keep them.

    Args:
        crops: equal ones are looked at once.
        settings: size and margin.
        extractor: finds points.
        stores: what was found before.
        into: takes what is new.
        label: the text of the progress bar.

    Returns:
        Why crops could not be looked at, by key.
    """
    failed: dict[str, str] = {}
    missing: dict[str, Crop] = {}
    for crop in crops:
        if not crop.content:
            failed[crop.key] = f"There is no picture {crop.path}: bring it back from a copy."
        elif not any(crop.key in store for store in stores):
            missing.setdefault(crop.key, crop)
    found: dict[str, LocalPoints] = {}
    kept = time.monotonic()
    with tqdm(
        total=len(missing), desc=f"points, {label}", unit="img", leave=False, disable=not missing
    ) as progress:
        for batch in _read(list(missing.values()), settings):
            good = {key: crop for key, crop in batch.items() if isinstance(crop, np.ndarray)}
            failed |= {key: crop for key, crop in batch.items() if isinstance(crop, str)}
            if good:
                found |= zip(good, extractor(list(good.values())), strict=True)
            progress.update(len(batch))
            if len(found) >= KEEP_AT or time.monotonic() - kept > KEEP_AFTER:
                into.add(found)
                found, kept = {}, time.monotonic()
    into.add(found)
    return failed


def _read(crops: list[Crop], settings: Match) -> Iterator[dict[str, np.ndarray | str]]:
    """Yield batches of pictures by key, or why they cannot be read. The next batch is read
    meanwhile."""

    def read(crop: Crop) -> np.ndarray | str:
        try:
            return crop.read(settings)
        except InputError as error:
            return str(error)

    starts = deque(range(0, len(crops), BATCH))
    with ThreadPoolExecutor(usable_cores()) as workers:
        waiting: deque = deque()
        while starts or waiting:
            while starts and len(waiting) < 2:
                some = crops[(first := starts.popleft()) : first + BATCH]
                waiting.append([(crop.key, workers.submit(read, crop)) for crop in some])
            yield {key: future.result() for key, future in waiting.popleft()}
