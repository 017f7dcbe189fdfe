"""A training that was stopped: whether it can be resumed, and what it left behind."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tf_happywhale.disk.files import write_json
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError

NOTE = "asked.json"  # everything that the training in the folder depends on
CHECKPOINT = "checkpoint.pt"  # of the last complete epoch, until training has ended


def was_begun(folder: Path, asked: dict[str, Any]) -> bool:
    """Return whether a training that depends on exactly this was begun in a folder.

    Args:
        folder: where ultralytics writes its log.
        asked: everything that the training depends on.
    """
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        return note["digest"] == digest(asked)
    return False


def is_finished(place: Path, made: Path, asked: dict[str, Any], *, restart: bool) -> bool:
    """Return whether the model exists already. Check an unfinished training; change nothing in it.

    Args:
        place: a fold's folder, with the model that is used.
        made: the folder in it in which a model is made.
        asked: everything that the training depends on.
        restart: give up an unfinished training of something else.

    Raises:
        InputError: there is such a training, and `restart` is not set.
    """
    old, new = place / "training", made / "training"
    if (old / CHECKPOINT).is_file() and not new.exists():  # an earlier version trained there
        made.mkdir(parents=True, exist_ok=True)
        os.replace(old, new)
    if not new.exists() and (place / "weights.pt").is_file() and was_begun(old, asked):
        return (place / "metrics.json").is_file()
    begun = (new / CHECKPOINT).is_file() or (made / "weights.pt").is_file()
    if begun and not was_begun(new, asked) and not restart:
        raise InputError(
            f"{made} holds an unfinished training of other photographs, boxes or settings"
            f"{_differing(new, asked)}: resume it with the same ones, or give it up with "
            "detect.restart=true."
        )
    return False


def begin(folder: Path, asked: dict[str, Any], stale: Iterable[Path]) -> None:
    """Remove what another training left, then note in the folder what this one depends on.

    Raises:
        OSError: something that must not be resumed cannot be removed.
    """
    for old in (*stale, folder / CHECKPOINT):
        old.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    write_json(folder / NOTE, {"digest": digest(asked), "asked": asked})


def _differing(folder: Path, asked: dict[str, Any]) -> str:
    """Return the settings that differ, in words; empty if the note does not name them."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        before, now = note["asked"]["settings"], asked["settings"]
        found = [
            f"detect.{key} is {json.dumps(value)}, was {json.dumps(before[key])}"
            for key, value in now.items()
            if key in before and json.dumps(before[key]) != json.dumps(value)
        ]
        return f" ({'; '.join(found)})" if found else ""
    return ""
