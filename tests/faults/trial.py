"""One command in a process of its own, on a copy of a folder, with a fault or without."""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import sys
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path

from tests.faults import injector

SECONDS = 300  # that a command may take


@dataclass(frozen=True)
class Ended:
    """How a command has ended.

    Attributes:
        status: exit status; negative: the signal that has ended it.
        said: what it has written to standard error, without progress bars.
        calls: `CALL PATH` of what was counted, or of the one that failed.
    """

    status: int
    said: str
    calls: list[str]


def run(command: list[str], folder: Path, at: int = 0, fault: int = 0) -> Ended:
    """Run `python -m tf_happywhale.<command>` in a forked process whose folder is `folder`.

    The parent has imported what is slow to import. `at` and `fault`: see `injector.arm`.
    """
    notes = folder.with_name(f"{folder.name}.notes")
    notes.mkdir(exist_ok=True)
    child = os.fork()
    if child == 0:
        _be_the_command(command, folder, notes, at, fault)
    until = time.monotonic() + SECONDS
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            os.kill(child, signal.SIGABRT)
            until += SECONDS
        time.sleep(0.005)
    said = (notes / "err").read_text(encoding="utf-8", errors="replace")
    lines = [line for part in said.splitlines() for line in part.split("\r")]
    said = "\n".join(line for line in lines if "it/s]" not in line and "?it" not in line)
    calls = (notes / "calls").read_text(encoding="utf-8", errors="replace").splitlines()
    shutil.rmtree(notes)
    return Ended(os.waitstatus_to_exitcode(status), said.strip(), calls)


def _be_the_command(command: list[str], folder: Path, notes: Path, at: int, fault: int) -> None:
    status = 99
    try:
        for name, number in (("out", 1), ("err", 2)):
            opened = os.open(notes / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(opened, number)
        calls = os.open(notes / "calls", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.chdir(folder)
        sys.argv = ["module", *command[1:]]
        warnings.simplefilter("ignore")
        injector.arm(folder, at, fault, calls)
        try:
            runpy.run_module(f"tf_happywhale.{command[0]}", run_name="__main__", alter_sys=True)
        except SystemExit as exited:
            status = exited.code if isinstance(exited.code, int) else 1
        except BaseException:
            traceback.print_exc()
            status = 1
        injector.disarm()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
