"""What a network saw, saved in parts by the photographs' names, so that it can be stopped anywhere.

The part of a photograph depends on its name alone, and a part is always run in the same batches.
So a run that was stopped and resumed ends with the same boxes, and a new photograph costs one part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from tf_happywhale.detection.detections import Seen, seen_from_json, seen_to_json
from tf_happywhale.detection.networks import Network
from tf_happywhale.detection.run_network import PART, detect_parts
from tf_happywhale.disk.files import write_json
from tf_happywhale.disk.hashes import digest


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
    """Return what a network sees in each photograph, by name; saved parts are not run again.

    Args:
        network: the detector's network.
        photographs: path by name.
        contents: the hash of each photograph's bytes, by name.
        folder: of the parts, used for these weights, this side and this batch size only.
        side: of the network's input, pixels.
        batch_size: photographs in a batch.
        label: of the progress bar.
    """
    parts = split_parts(photographs)
    keys = {part: digest([[name, contents[name]] for name in names]) for part, names in parts}
    files = {part: folder / f"part-{part}.json" for part, _ in parts}
    seen: dict[str, Seen] = {}
    missing = []
    for part, names in parts:
        known = _read_part(files[part], keys[part])
        if known is None:
            missing.append((part, names))
        else:
            seen |= known
    lists = [names for _, names in missing]
    looks = detect_parts(network, lists, photographs, side, batch_size, label, len(seen))
    for (part, _), found in zip(missing, looks, strict=True):
        write_json(files[part], {"key": keys[part], "seen": seen_to_json(found)})
        seen |= found
    return {name: seen[name] for name in photographs}


def split_parts(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Return (part, names in it): each name's hash chooses its part, of about `PART` names."""
    names = sorted(names)
    count = 1
    while len(names) > PART * count:
        count *= 2
    parts: dict[int, list[str]] = {}
    for name in names:
        hashed = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        parts.setdefault(int.from_bytes(hashed[:8], "big") % count, []).append(name)
    return [(f"{part:05d}-of-{count:05d}", parts[part]) for part in sorted(parts)]


def _read_part(file: Path, key: str) -> dict[str, Seen] | None:
    """Return what a part's file holds; None if it is missing, damaged or of other photographs."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        part = json.loads(file.read_text(encoding="utf-8"))
        if part["key"] == key:
            return seen_from_json(part["seen"])
    return None
