"""How far a training is, how long the rest will take, and which models are finished."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tf_happywhale.config.text import read_yaml
from tf_happywhale.errors import ConfigError
from tf_happywhale.run_folders.contents import MODEL, TRAINING

LOG, CONFIG = "log.jsonl", "config.yaml"
LAST = 3  # epochs whose mean time says how long the next ones take


def progress(output: Path) -> dict[str, Any]:
    """Return how far the training is that writes to a folder: `round` (0, or 1 for a second
    training that learns from the first), `epochs` (each with `epoch` from 1, `loss` and `map`),
    `epoch`, `of`, and `seconds_left` of this training; None where it is not known.

    Args:
        output: the training's output folder; it need not be there.
    """
    log = newest_log(output)
    if log is None:
        return {"round": 0, "epochs": [], "epoch": 0, "of": None, "seconds_left": None}
    entries, of = read_entries(log), _epochs(log.with_name(CONFIG))
    shown = [
        {"epoch": int(e["epoch"]) + 1, "loss": e.get("loss"), "map": e.get("map5_known")}
        for e in entries
    ]
    run = log.parent.parent if log.parent.name == TRAINING else log.parent
    number = run.parent.name.rpartition("-round")[2]
    return {
        "round": int(number) if number.isdecimal() else 0,
        "epochs": shown,
        "epoch": len(entries),
        "of": of,
        "seconds_left": None if of is None else seconds_left(entries, of, _since(log)),
    }


def trained(home: Path) -> list[Path]:
    """Return the run folders of finished models below HOME/training, the one that was finished last
    first. Each training has a folder of its own there, such as `training/1`."""
    files = sorted(home.glob(f"*/*/fold*/{MODEL}"), key=lambda file: -file.stat().st_mtime_ns)
    return [file.parent for file in files]


def newest_log(output: Path) -> Path | None:
    """Return the log that was written to last, of an unfinished training or a finished one."""
    files = [*output.glob(f"*/fold*/{TRAINING}/{LOG}"), *output.glob(f"*/fold*/{LOG}")]
    return max(files, key=lambda file: file.stat().st_mtime_ns, default=None)


def read_entries(log: Path) -> list[Mapping[str, Any]]:
    """Return a log's entries up to the first half-written line, one for each epoch."""
    entries = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            int(entry["epoch"])
        except (ValueError, TypeError, KeyError):
            break
        entries.append(entry)
    return entries


def seconds_left(entries: Sequence[Mapping[str, Any]], of: int, since: float) -> float | None:
    """Return how many seconds the other epochs take, if they take as long as the last ones.

    Args:
        entries: of the log.
        of: epochs in all.
        since: seconds since the last entry.
    """
    times = [float(entry["seconds"]) for entry in entries[-LAST:] if entry.get("seconds")]
    if not times:
        return None
    each = sum(times) / len(times)
    return round(max(0.0, (of - len(entries)) * each - min(since, each)), 1)


def _epochs(config: Path) -> int | None:
    try:
        return int(read_yaml(config)["train"]["epochs"])
    except (ConfigError, KeyError, TypeError, ValueError):
        return None


def _since(log: Path) -> float:
    return max(0.0, time.time() - log.stat().st_mtime)
