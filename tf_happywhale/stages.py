"""Stages that know whether they are up to date."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.own_output import mark_new_output
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

    The stamp's `seconds` are those of all processes that the work was done in, one after another.

    Returns:
        Whether there was anything to do.
    """
    if up_to_date(output, name, depends_on=depends_on, outputs=outputs):
        print(f"{name}: up to date")
        return False
    mark_new_output(output)
    stamp_file, stamp = _stamp_file(output, name), digest(depends_on)
    before = _seconds_before(stamp_file, stamp)
    if stamps:
        stamp_file.unlink(missing_ok=True)
    print(f"{name} …", flush=True)
    started = time.monotonic()
    try:
        work()
    except BaseException:
        seconds = before + time.monotonic() - started
        if stamps:
            with suppress(OSError):  # what went wrong first is what a person must hear
                write_json(stamp_file, {"unfinished": stamp, "seconds": round(seconds, 1)})
        raise
    seconds = before + time.monotonic() - started
    if stamps:
        write_json(stamp_file, {"stamp": stamp, "seconds": round(seconds, 1)})
    print(f"{name}: done in {seconds:.0f} s", flush=True)
    return True


def _seconds_before(stamp_file: Path, stamp: str) -> float:
    """What the same work has taken in processes that were stopped before it was finished; one that
    was killed outright has left nothing."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        known = json.loads(stamp_file.read_text(encoding="utf-8"))
        return float(known["seconds"]) if known["unfinished"] == stamp else 0.0
    return 0.0


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
