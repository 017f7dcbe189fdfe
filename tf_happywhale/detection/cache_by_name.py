"""One network over many photographs, in parts that are kept, so that it can be stopped anywhere.

A photograph belongs to a part by its name alone, and a part is looked at in the same batches
whenever it is: what was stopped ends with the same boxes, and a new photograph costs its part
only.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from tf_happywhale.cores import usable_cores
from tf_happywhale.detection.detections import Detection, find_boxes
from tf_happywhale.detection.letterbox import Letterbox, letterbox
from tf_happywhale.detection.networks import Network
from tf_happywhale.disk.files import write_json
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError

PART = 64  # photographs of a part, at most about
AHEAD = 2  # batches that are decoded before they are wanted


@dataclass(frozen=True)
class Seen:
    """What a network saw in one photograph.

    Attributes:
        width, height: of the photograph, upright; 0 if it cannot be read.
        found: boxes in its pixels.
        reason: why there are none, where it cannot be read.
    """

    width: int
    height: int
    found: tuple[Detection, ...]
    reason: str = ""


def detect_by_name(
    network: Network,
    photographs: Mapping[str, Path],
    contents: Mapping[str, str],
    folder: Path,
    *,
    side: int,
    batch_size: int,
    label: str,
) -> dict[str, Seen]:
    """What a network sees in each photograph, by name; parts that are there are not done again.

    Args:
        network: what looks.
        photographs: path by name.
        contents: hash of each one's bytes.
        folder: of the parts, for these weights, this side and this batch size only.
        side: of the network's input, pixels.
        batch_size: photographs a batch.
        label: of the progress bar.
    """
    parts = split_parts(photographs)
    wanted = {part: digest([[name, contents[name]] for name in names]) for part, names in parts}
    seen: dict[str, Seen] = {}
    missing = []
    for part, names in parts:
        known = _read_part(_part_file(folder, part), wanted[part])
        if known is None:
            missing.append((part, names))
        else:
            seen |= known
    looks = look_through(
        network, [names for _, names in missing], photographs, side, batch_size, label, len(seen)
    )
    for (part, _), found in zip(missing, looks, strict=True):
        _write_part(_part_file(folder, part), wanted[part], found)
        seen |= found
    return {name: seen[name] for name in photographs}


def look_through(
    network: Network,
    parts: Sequence[Sequence[str]],
    photographs: Mapping[str, Path],
    side: int,
    batch_size: int,
    label: str,
    done: int = 0,
) -> Iterator[dict[str, Seen]]:
    """What a network sees in the photographs of each part, part after part; no batch spans two.

    Args:
        network: what looks.
        parts: names.
        photographs: path by name.
        side: of the network's input, pixels.
        batch_size: photographs a batch.
        label: of the progress bar.
        done: photographs that were looked at before.
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


def split_parts(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Names dealt out to about `PART` a part by a hash of each, sorted within it: (part, names)."""
    names = sorted(names)
    count = 1
    while len(names) > PART * count:
        count *= 2
    parts: dict[int, list[str]] = {}
    for name in names:
        hashed = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        parts.setdefault(int.from_bytes(hashed[:8], "big") % count, []).append(name)
    return [(f"{part:05d}-of-{count:05d}", parts[part]) for part in sorted(parts)]


def _read(path: Path, side: int) -> Letterbox | str:
    """The photograph in its square, or why it cannot be read."""
    try:
        return letterbox(path, side)
    except InputError as error:
        return str(error)
    except (MemoryError, cv2.error):
        return f"{path} is too large for the memory there is: shrink it."


def _look(network: Network, read: list[Letterbox | str]) -> list[Seen]:
    """What the network sees in a batch; those that cannot be read are left out of it."""
    boxes = [box for box in read if isinstance(box, Letterbox)]
    outputs = iter(network(np.stack([box.picture for box in boxes])) if boxes else ())
    return [
        _seen(box, find_boxes(next(outputs), network.sources))
        if isinstance(box, Letterbox)
        else Seen(0, 0, (), box)
        for box in read
    ]


def _seen(box: Letterbox, found: list[Detection]) -> Seen:
    """Boxes in the photograph's pixels, to a hundredth, and confidences to four places."""
    rounded = [
        Detection(
            back.source, *(round(corner, 2) for corner in back.corners), round(back.confidence, 4)
        )
        for back in map(box.back, found)
        if back
    ]
    return Seen(box.width, box.height, tuple(rounded))


def _part_file(folder: Path, part: str) -> Path:
    return folder / f"part-{part}.json"


def _write_part(file: Path, key: str, found: dict[str, Seen]) -> None:
    write_json(file, {"key": key, "seen": to_json(found)})


def _read_part(file: Path, key: str) -> dict[str, Seen] | None:
    """What a part's file holds; None if it is missing, or of other photographs."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        part = json.loads(file.read_text(encoding="utf-8"))
        if part["key"] == key:
            return from_json(part["seen"])
    return None


def to_json(found: Mapping[str, Seen]) -> dict[str, dict]:
    """What was seen, as JSON holds it."""
    return {name: asdict(seen) for name, seen in found.items()}


def from_json(found: Mapping[str, dict]) -> dict[str, Seen]:
    """The way back.

    Raises:
        KeyError, TypeError: it is something else.
    """
    return {
        name: Seen(
            seen["width"],
            seen["height"],
            tuple(Detection(**box) for box in seen["found"]),
            seen["reason"],
        )
        for name, seen in found.items()
    }


def _in_order(pool: ThreadPoolExecutor, work: Callable, things: Iterable, ahead: int) -> Iterator:
    """The result of `work` for each thing, in order; at most `ahead` of them wait."""
    waiting: deque = deque()
    for thing in things:
        waiting.append(pool.submit(work, thing))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
