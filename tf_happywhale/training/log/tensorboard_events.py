"""A training's log for TensorBoard (`train.tensorboard`)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tf_happywhale.errors import ConfigError

FOLDER = "tensorboard"
NOT_SHOWN = ("epoch",)


def check_tensorboard() -> None:
    """Raise ConfigError if TensorBoard is not installed."""
    if find_spec("tensorboard") is None:
        raise ConfigError(
            "train.tensorboard=true needs TensorBoard: pip install 'tf-happywhale[tensorboard]', "
            "or set it to false."
        )


class Board:
    """Writer of the log for TensorBoard: the log so far into a new file, then each new entry.

    TensorBoard's own writer needs no TensorFlow, so it works on JAX too.

    Args:
        run: the run folder. Events that are there are replaced.
        entries: the log so far.
    """

    def __init__(self, run: Path, entries: Sequence[dict[str, Any]]) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        shutil.rmtree(run / FOLDER, ignore_errors=True)
        self._writer = EventFileWriter(str(run / FOLDER))
        for entry in entries:
            self.add(entry)

    def add(self, entry: dict[str, Any]) -> None:
        """Write an entry's numbers, with its epoch counted from 1."""
        import time

        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in entry.items()
            if name not in NOT_SHOWN and isinstance(value, int | float)
        ]
        event = Event(wall_time=time.time(), step=entry["epoch"] + 1, summary=Summary(value=values))
        self._writer.add_event(event)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()
