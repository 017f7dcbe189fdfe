"""Photographs to embeddings without TFRecords: cropped, embedded, and kept by content."""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox, Box
from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.hashes import MISSING, digest
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.embedding_cache import EmbeddingStore
from tf_happywhale.inference.trained_models import TrainedModel
from tf_happywhale.pictures.damage import complaint
from tf_happywhale.pictures.jpeg_region import picture_size, read_crops
from tf_happywhale.pictures.pixels import read_file
from tf_happywhale.pictures.quality import sharpness
from tf_happywhale.pictures.resizing import resize

KEPT = 2048  # pictures between two writings of the store
Forward = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Shot:
    """A photograph to embed.

    Attributes:
        image: its name.
        path: its file.
        content: SHA-256 of the file's bytes; empty: it does not matter.
        boxes: source to box, the records' primary among them; a source without one takes the
            primary's, without that the whole picture.
        confidence: the detector's in the primary box, 0 if it found none; NaN where it was not
            asked.
    """

    image: str
    path: Path
    content: str
    boxes: Mapping[str, AnyBox] = field(default_factory=dict)
    confidence: float = math.nan

    def key(self, model: TrainedModel) -> str:
        """What an embedding depends on besides the model."""
        return digest([self.content, list(map(str, self.boxes_for(model))), model.sizes])

    def source(self, model: TrainedModel) -> str:
        """What is in the first crop that a model wants, where there is a box."""
        first = model.sources[0]
        return first if first in self.boxes else model.primary

    def boxes_for(self, model: TrainedModel) -> list[AnyBox | None]:
        """The box of each source a model wants, as its records would crop it; None: whole."""
        primary = self.boxes.get(model.primary)
        return [
            None if source == WHOLE else self.boxes.get(source, primary) for source in model.sources
        ]


def embed_shots(
    model: TrainedModel,
    shots: Sequence[Shot],
    store: EmbeddingStore,
    load: Callable[[], Forward],
    batch_size: int,
    label: str,
) -> dict[str, str]:
    """Embed what the store lacks; afterwards it holds every shot that can be read.

    Args:
        model: which crops it wants, and of what size.
        shots: photographs; the same picture twice is embedded once.
        store: of this model.
        load: gives the model as a function of pictures uint8 [b, s, s, 3] to [b, d] float32; it is
            called only where there is something to embed.
        batch_size: pictures a step.
        label: what the progress bar says.

    Returns:
        Why a shot could not be read, by image.
    """
    closed = {shot.image: _why_closed(shot) for shot in shots if shot.content == MISSING}
    keys_of = {shot.image: shot.key(model) for shot in shots if shot.image not in closed}
    missing = {}
    for shot in shots:
        if shot.image not in closed and keys_of[shot.image] not in store:
            missing.setdefault(keys_of[shot.image], shot)
    if not missing:
        return closed
    forward, reasons = load(), {}
    keys: list[str] = []
    rows: list[np.ndarray] = []
    facts: list[dict[str, str]] = []

    def keep() -> None:
        if rows:
            store.add(
                keys,
                np.concatenate(rows),
                {name: [fact[name] for fact in facts] for name in facts[0]},
            )
        for part in (keys, rows, facts):
            part.clear()

    with tqdm(total=len(missing), desc=label, unit="img", leave=False) as progress:
        for batch in _batches(model, list(missing.values()), batch_size):
            good = []
            for shot, found in batch:
                if isinstance(found, InputError):
                    reasons[shot.key(model)] = str(found)
                else:
                    good.append((shot, *found))
            if good:
                rows.append(_embed(forward, np.stack([crops for _, crops, _ in good]), batch_size))
                keys += [shot.key(model) for shot, _, _ in good]
                facts += [fact for _, _, fact in good]
            progress.update(len(batch))
            if len(keys) >= KEPT:
                keep()
    keep()
    failed = {
        image: reasons[key]
        if image == missing[key].image
        else f"The same file as {missing[key].image}: {reasons[key]}"
        for image, key in keys_of.items()
        if key in reasons
    }
    return closed | failed


def _why_closed(shot: Shot) -> str:
    """Why a photograph whose bytes could not be hashed is left out. Nothing is looked up or kept
    for it, since all such photographs would count as one."""
    try:
        read_file(shot.path)
    except InputError as error:
        return str(error)
    return f"{shot.path} could not be read at first: run the command again."


def read_shot(shot: Shot, model: TrainedModel) -> tuple[np.ndarray, dict[str, str]]:
    """The crops uint8 [sources, s, s, 3] a model wants of a photograph; of the first its shorter
    side in the photograph, sharpness and box; and what is damaged, as text.

    Raises:
        InputError: it cannot be read, or is not the photograph that was hashed.
    """
    encoded = read_file(shot.path)
    if shot.content and hashlib.sha256(encoded).hexdigest() != shot.content:
        raise InputError(f"{shot.path} has changed meanwhile: run the same command again.")
    stored, size = model.sizes
    boxes = shot.boxes_for(model)
    crops = read_crops(encoded, boxes, stored, shot.image)
    width, height = picture_size(encoded, shot.image)
    inside = boxes[0].clip(width, height) if boxes[0] else None
    if inside:
        width, height = inside.xmax - inside.xmin, inside.ymax - inside.ymin
    facts = {
        "side": str(min(width, height)),
        "sharpness": f"{sharpness(crops[0]):.5f}",
        "box": box_text(shot.source(model), inside),
        "damage": complaint(encoded),
    }
    return np.stack([resize(crop, size) for crop in crops]), facts


def box_text(source: str, box: Box | None) -> str:
    """A box as text, `backfin 10 20 300 200`; empty for the whole picture."""
    return f"{source} {box.xmin} {box.ymin} {box.xmax} {box.ymax}" if box else ""


def _batches(model: TrainedModel, shots: list[Shot], size: int) -> Iterator[list]:
    """Batches of (shot, what `read_shot` gives or its InputError), a batch ahead in the making."""

    def read(shot: Shot):
        try:
            return shot, read_shot(shot, model)
        except InputError as error:
            return shot, error

    starts = deque(range(0, len(shots), size))
    with ThreadPoolExecutor(usable_cores()) as workers:
        waiting: deque = deque()
        while starts or waiting:
            while starts and len(waiting) < 2:
                first = starts.popleft()
                waiting.append([workers.submit(read, shot) for shot in shots[first : first + size]])
            yield [future.result() for future in waiting.popleft()]


def _embed(forward: Forward, crops: np.ndarray, batch_size: int) -> np.ndarray:
    """Embeddings [n, d] of crops [n, sources, s, s, 3], of several the mean of length-1 rows.

    Every step has `batch_size` pictures, so that the model is traced once.
    """
    each = []
    for source in range(crops.shape[1]):
        pictures = crops[:, source]
        filled = np.pad(pictures, [(0, batch_size - len(pictures)), (0, 0), (0, 0), (0, 0)])
        each.append(forward(filled)[: len(pictures)].astype(np.float32))
    if len(each) == 1:
        return each[0]
    lengths = [np.linalg.norm(one, axis=1, keepdims=True) for one in each]
    return np.mean([one / n for one, n in zip(each, lengths, strict=True)], axis=0)
