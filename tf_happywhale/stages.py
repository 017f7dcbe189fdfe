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
) -> bool:
    """Do `work` unless it was done from the same `depends_on` and its outputs are still there.

    Args:
        output: the experiment's output folder, which keeps a stamp of each finished stage.
        name: the stage, as a person reads it; different for each fold and split.
        depends_on: the config sections the stage reads, and hashes of its inputs' content.
        outputs: files the stage leaves behind.
        work: makes them.

    Returns:
        Whether there was anything to do.
    """
    if up_to_date(output, name, depends_on=depends_on, outputs=outputs):
        print(f"{name}: up to date")
        return False
    stamp_file = _stamp_file(output, name)
    stamp_file.unlink(missing_ok=True)
    print(f"{name} …", flush=True)
    started = time.monotonic()
    work()
    seconds = time.monotonic() - started
    write_json(stamp_file, {"stamp": digest(depends_on), "seconds": round(seconds, 1)})
    print(f"{name}: done in {seconds:.0f} s", flush=True)
    return True


def up_to_date(
    output: Path, name: str, *, depends_on: dict[str, Any], outputs: Sequence[Path]
) -> bool:
    """Whether a stage was done from the same `depends_on` and its outputs are still there."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        known = json.loads(_stamp_file(output, name).read_text(encoding="utf-8"))
        return known["stamp"] == digest(depends_on) and all(path.exists() for path in outputs)
    return False


def _stamp_file(output: Path, name: str) -> Path:
    return output / FOLDER / f"{name.replace(' ', '-')}.json"
