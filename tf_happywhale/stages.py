"""Stages that know whether they are up to date."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tf_happywhale.files import digest, write_json

FOLDER = ".stages"


def stage(
    output: Path,
    name: str,
    *,
    depends_on: dict[str, Any],
    outputs: Sequence[Path],
    work: Callable[[], object],
    stamps: bool = True,
) -> bool:
    """Do `work` unless it was done from the same `depends_on` and its outputs are still there.

    Args:
        output: the experiment's output folder, which keeps a stamp of each finished stage.
        name: the stage, as a person reads it; different for each fold and split.
        depends_on: the config sections the stage reads, and hashes of its inputs' content.
        outputs: files the stage leaves behind.
        work: makes them.
        stamps: keep a stamp; not where another process does the same stage and keeps it.

    Returns:
        Whether there was anything to do.
    """
    stamp_file = output / FOLDER / f"{name.replace(' ', '-')}.json"
    stamp = digest(depends_on)
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        known = json.loads(stamp_file.read_text(encoding="utf-8"))
        if known["stamp"] == stamp and all(path.exists() for path in outputs):
            print(f"{name}: up to date")
            return False
    if stamps:
        stamp_file.unlink(missing_ok=True)
    print(f"{name} …", flush=True)
    started = time.monotonic()
    work()
    seconds = time.monotonic() - started
    if stamps:
        write_json(stamp_file, {"stamp": stamp, "seconds": round(seconds, 1)})
    print(f"{name}: done in {seconds:.0f} s", flush=True)
    return True
