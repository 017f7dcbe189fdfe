"""Stages: do the work of a stage unless its stamp shows that it is up to date."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.photographs.own_output import mark_new_output
from tf_happywhale.config.renamed import as_before
from tf_happywhale.disk.files import write_json
from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.locks import locked

FOLDER = ".stages"


def stage(
    output: Path,
    name: str,
    *,
    depends_on: dict[str, Any],
    outputs: Sequence[Path],
    work: Callable[[], object],
    stamps: bool = True,
    older: Sequence[dict[str, Any]] = (),
    known: bool = False,
) -> bool:
    """Do `work` unless it was done from the same `depends_on` and its outputs are still there.

    Args:
        output: the experiment's output folder, which keeps a stamp of each finished stage.
        name: the stage, as a person reads it; different for each fold and split.
        depends_on: the config sections the stage reads, and hashes of its inputs' content.
        outputs: files the stage leaves behind.
        work: makes them.
        stamps: keep a stamp; not where another process does the same stage and keeps it.
        older: `depends_on` in the forms of earlier versions, whose stamps count too.
        known: the outputs themselves say that they were made from this.

    One process at a time does a stage. The stamp's `seconds` are the sum over all processes that
    did the work, one after another.

    Returns:
        Whether there was anything to do.
    """
    if known or _is_current(output, name, depends_on, older, outputs, stamps):
        print(f"{name}: up to date")
        return False
    mark_new_output(output)
    with locked_stage(output, name) if stamps else nullcontext():
        if _is_current(output, name, depends_on, older, outputs, stamps):  # done meanwhile
            print(f"{name}: up to date")
            return False
        _work(output, name, digest(depends_on), work, stamps)
    return True


def locked_stage(output: Path, name: str) -> AbstractContextManager[None]:
    """Hold the lock of a stage.

    Raises:
        InputError: another process does this stage.
    """
    return locked(output, f"at the stage {name!r} of", part=_file_name(name))


def _is_current(
    output: Path,
    name: str,
    depends_on: dict[str, Any],
    older: Sequence[dict[str, Any]],
    outputs: Sequence[Path],
    stamps: bool,
) -> bool:
    """Return whether a stage is up to date, also by the stamp of an earlier version, which is then
    written in today's form.
    """
    if up_to_date(output, name, depends_on=depends_on, outputs=outputs):
        return True
    for form in older:
        if up_to_date(output, name, depends_on=form, outputs=outputs):
            if stamps:
                with suppress(OSError):  # a folder that may not be written to
                    file = _stamp_file(output, name)
                    known = json.loads(file.read_text(encoding="utf-8"))
                    write_json(file, {**known, "stamp": digest(depends_on)})
            return True
    return False


def _work(output: Path, name: str, stamp: str, work: Callable[[], object], stamps: bool) -> None:
    """Do a stage's work, and write its stamp."""
    stamp_file = _stamp_file(output, name)
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


def _seconds_before(stamp_file: Path, stamp: str) -> float:
    """Return the seconds that the same work took in processes that were stopped before the end; a
    process that was killed outright left no record."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        known = json.loads(stamp_file.read_text(encoding="utf-8"))
        return float(known["seconds"]) if known["unfinished"] == stamp else 0.0
    return 0.0


def up_to_date(
    output: Path, name: str, *, depends_on: dict[str, Any], outputs: Sequence[Path]
) -> bool:
    """Return whether a stage was done from the same `depends_on`, perhaps with the names of an
    earlier version, and its outputs are still there.
    """
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        known = json.loads(_stamp_file(output, name).read_text(encoding="utf-8"))
        asked = (digest(depends_on), digest(as_before(depends_on)))
        return known["stamp"] in asked and all(path.exists() for path in outputs)
    return False


def _stamp_file(output: Path, name: str) -> Path:
    return output / FOLDER / f"{_file_name(name)}.json"


def _file_name(name: str) -> str:
    return name.replace(" ", "-")
