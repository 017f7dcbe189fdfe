"""What a network saw, kept by the photographs' bytes: whatever its name, each is looked at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tf_happywhale.detection.cache_by_name import PART, Seen, from_json, look_through, to_json
from tf_happywhale.detection.networks import Network
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
    """What a network sees in each photograph, and the sources it knows.

    What is new is written a part at a time, each to a file of its own that is never written again.

    Args:
        open_network: gives what looks; it is called only where there is something to look at.
        photographs: path by hash of the bytes.
        folder: of these weights and this side only.
        side: of the network's input, pixels, where its file does not say.
        batch_size: photographs a batch.
        label: of the progress bar.
    """
    seen, sources = _read(folder)
    missing = sorted(set(photographs) - set(seen))
    if missing:
        network = open_network()
        sources = list(network.sources)
        parts = [missing[first : first + PART] for first in range(0, len(missing), PART)]
        looks = look_through(network, parts, photographs, network.side or side, batch_size, label)
        for part, found in zip(parts, looks, strict=True):
            file = folder / f"{digest(part)[:16]}.json"
            write_json(file, {"sources": sources, "seen": to_json(found)})
            seen |= found
    return {content: seen[content] for content in photographs}, sources


def _read(folder: Path) -> tuple[dict[str, Seen], list[str]]:
    """Everything in the files that are whole."""
    seen: dict[str, Seen] = {}
    sources: list[str] = []
    for file in shown(folder.glob("*.json")):
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            part = json.loads(file.read_text(encoding="utf-8"))
            found, known = from_json(part["seen"]), [str(source) for source in part["sources"]]
            seen, sources = seen | found, known
    return seen, sources
