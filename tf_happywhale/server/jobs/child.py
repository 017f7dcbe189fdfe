"""Run one of the package's commands as a child of the server, which it does not outlive.

python -m tf_happywhale.server.jobs.child SERVER_PROCESS COMMAND WORD …
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
import threading
import time

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
LOOK = 0.5  # seconds between looks for the server elsewhere


def main() -> None:
    """Do what `sys.argv` says."""
    server, command, *words = sys.argv[1:]
    die_with(int(server))
    sys.argv = [command, *words]
    runpy.run_module(f"tf_happywhale.{command}", run_name="__main__", alter_sys=True)


def die_with(server: int) -> None:
    """Let this process be killed as soon as the server has ended, however it ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=[server], daemon=True).start()
    if os.getppid() != server:  # it ended before
        os._exit(1)


def _watch(server: int) -> None:
    while os.getppid() == server:
        time.sleep(LOOK)
    os._exit(1)


if __name__ == "__main__":
    main()
