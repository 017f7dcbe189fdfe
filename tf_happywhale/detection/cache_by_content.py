"""What a network saw, saved by the photographs' bytes: no photograph is looked at a second time,
not even under another name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tf_happywhale.detection.detections import Seen, seen_from_json, seen_to_json
from tf_happywhale.detection.networks import Network
from tf_happywhale.detection.run_network import PART, detect_parts
from tf_happywhale.disk.files import shown, write_json
from tf_happywhale.disk.hashes import digest


def detect_by_content(
    open_network: Callable[[], Network],
    photographs: Mapping[str, Path],
    folder: Path,
    *,
    side: int,
    batch_size: int,
    label: str,
) -> tuple[dict[str, Seen], list[str]]:
    """Return what a network sees in each photograph, by hash, and the sources that it knows.

    New photographs are saved in parts; the file of a part is never written again.

    Args:
        open_network: a function that returns the network; called only if a photograph is new.
        photographs: path by the hash of the photograph's bytes.
        folder: used for these weights and this side only.
        side: of the network's input in pixels, if its file does not say.
        batch_size: photographs in a batch.
        label: of the progress bar.
    """
    seen, sources = _read(folder)
    missing = sorted(set(photographs) - set(seen))
    if missing:
        network = open_network()
        sources = list(network.sources)
        parts = [missing[first : first + PART] for first in range(0, len(missing), PART)]
        looks = detect_parts(network, parts, photographs, network.side or side, batch_size, label)
        for part, found in zip(parts, looks, strict=True):
            file = folder / f"{digest(part)[:16]}.json"
            write_json(file, {"sources": sources, "seen": seen_to_json(found)})
            seen |= found
    return {content: seen[content] for content in photographs}, sources


def _read(folder: Path) -> tuple[dict[str, Seen], list[str]]:
    """Return what the undamaged files of the folder hold."""
    seen: dict[str, Seen] = {}
    sources: list[str] = []
    for file in shown(folder.glob("*.json")):
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            part = json.loads(file.read_text(encoding="utf-8"))
            found, known = seen_from_json(part["seen"]), [str(name) for name in part["sources"]]
            seen, sources = seen | found, known
    return seen, sources
