"""A process that is watched ends in each way, and nothing that it has started outlives it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from tf_happywhale import watched_process
from tf_happywhale.watched_process import in_a_process

FATAL = "Worker subprocess exited"
WAITS = [sys.executable, "-c", "input()"]


def leave_a_child_waiting(file: Path) -> None:
    with file.open("wb") as alive:
        subprocess.Popen(WAITS, stdin=subprocess.PIPE, stdout=alive)


def raise_an_error(file: Path) -> None:
    leave_a_child_waiting(file)
    raise ValueError("of the function")


def lose_a_worker(file: Path) -> None:
    leave_a_child_waiting(file)

    def thread() -> None:
        raise RuntimeError(f"{FATAL} with return code 137")

    threading.Thread(target=thread).start()
    threading.Event().wait()  # as Beam does


def be_killed(file: Path) -> None:
    leave_a_child_waiting(file)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("call", "error", "died"),
    [
        (leave_a_child_waiting, None, False),
        (raise_an_error, "ValueError: of the function", False),
        (lose_a_worker, None, True),
        (be_killed, None, True),
    ],
)
def test_it_ends_with_all_that_it_has_started(monkeypatch, tmp_path, call, error, died) -> None:
    monkeypatch.setattr(watched_process, "LOOK", 0.05)
    looks, file = [], tmp_path / "alive"
    os.mkfifo(file)
    reader = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    said, gone = in_a_process(partial(call, file), FATAL, lambda: looks.append(1))
    assert gone is died
    assert (said is None) if error is None else said.strip().endswith(error)
    assert looks
    # The end is reached as soon as no process has the file open for writing.
    ready, _, _ = select.select([reader], [], [], 60)
    assert ready
    assert os.read(reader, 1) == b""
    os.close(reader)
