"""One network run over many photographs, batch after batch, while the next ones are decoded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from tf_happywhale.cores import usable_cores
from tf_happywhale.detection.detections import Detection, Seen
from tf_happywhale.detection.letterbox import Letterbox, letterbox
from tf_happywhale.detection.network_output import find_boxes
from tf_happywhale.detection.networks import Network
from tf_happywhale.errors import InputError

PART = 64  # photographs of a part, at most about
AHEAD = 2  # batches that are decoded in advance


def detect_parts(
    network: Network,
    parts: Sequence[Sequence[str]],
    photographs: Mapping[str, Path],
    side: int,
    batch_size: int,
    label: str,
    done: int = 0,
) -> Iterator[dict[str, Seen]]:
    """Yield what a network sees in the photographs of each part, by name; no batch spans two parts.

    Args:
        network: the detector's network.
        parts: names of photographs.
        photographs: path by name.
        side: of the network's input, pixels.
        batch_size: photographs in a batch.
        label: of the progress bar.
        done: photographs that were finished before, for the progress bar.
    """
    todo = [photographs[name] for names in parts for name in names]
    if not todo:
        return
    with (
        tqdm(total=done + len(todo), initial=done, desc=label, unit="img") as progress,
        ThreadPoolExecutor(usable_cores()) as pool,
    ):
        boxes = _in_order(pool, lambda path: _read(path, side), todo, AHEAD * batch_size)
        for names in parts:
            found: dict[str, Seen] = {}
            while len(found) < len(names):
                batch = names[len(found) : len(found) + batch_size]
                read = list(islice(boxes, len(batch)))
                found |= dict(zip(batch, _look(network, read), strict=True))
                progress.update(len(batch))
            yield found


def _read(path: Path, side: int) -> Letterbox | str:
    """Return the photograph in its square, or the reason why it cannot be read."""
    try:
        return letterbox(path, side)
    except InputError as error:
        return str(error)
    except (MemoryError, cv2.error):
        return f"{path} is too large for this computer's memory: shrink it."


def _look(network: Network, read: list[Letterbox | str]) -> list[Seen]:
    """Return what the network sees in a batch, from which unreadable photographs are left out."""
    boxes = [box for box in read if isinstance(box, Letterbox)]
    outputs = iter(network(np.stack([box.picture for box in boxes])) if boxes else ())
    return [
        _seen(box, find_boxes(next(outputs), network.sources))
        if isinstance(box, Letterbox)
        else Seen(0, 0, (), box)
        for box in read
    ]


def _seen(box: Letterbox, found: list[Detection]) -> Seen:
    """Return boxes in pixels of the photograph: two decimal places, and four for confidences."""
    rounded = [
        Detection(
            back.source, *(round(corner, 2) for corner in back.corners), round(back.confidence, 4)
        )
        for back in map(box.back, found)
        if back
    ]
    return Seen(box.width, box.height, tuple(rounded))


def _in_order(pool: ThreadPoolExecutor, work: Callable, things: Iterable, ahead: int) -> Iterator:
    """Yield the result of `work` for each thing, in order; at most `ahead` of them wait."""
    waiting: deque = deque()
    for thing in things:
        waiting.append(pool.submit(work, thing))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
