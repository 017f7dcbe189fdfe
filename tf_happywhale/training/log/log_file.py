"""The log of a training, `log.jsonl`, with the settings and the environment next to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tf_happywhale.config import Experiment, dump_experiment
from tf_happywhale.disk.files import append_line, write_json, write_text
from tf_happywhale.training.log.environment import environment


def start_run(run: Path, experiment: Experiment, devices: str) -> None:
    """Write the resolved config and the environment, and begin the log."""
    write_text(run / "config.yaml", dump_experiment(experiment))
    write_json(run / "environment.json", environment(devices))
    write_text(run / "log.jsonl", "")


def continue_run(run: Path, experiment: Experiment, epochs: int, devices: str) -> None:
    """Write today's config and environment, and keep only the log's first `epochs` lines."""
    write_text(run / "config.yaml", dump_experiment(experiment))
    write_json(run / "environment.json", environment(devices))
    lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    write_text(run / "log.jsonl", "".join(lines[:epochs]))


def log(run: Path, entry: dict[str, Any]) -> None:
    """Append one line to the run's log."""
    append_line(run / "log.jsonl", json.dumps(entry, allow_nan=False))


def read_log(run: Path) -> list[dict[str, Any]]:
    """Return the log's entries, one for each epoch, up to the first half-written line."""
    entries = []
    for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            entries.append(dict(json.loads(line)))
        except (ValueError, TypeError):
            break
    return entries
