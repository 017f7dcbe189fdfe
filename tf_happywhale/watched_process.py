"""A function called in a process of its own, which ends with everything that it has started."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

LOOK = 2.0  # seconds between two looks
GIVEN_UP = 75


def in_a_process(
    call: Callable[[], object], fatal: str, look: Callable[[], object]
) -> tuple[str | None, bool]:
    """Call a function in a new process, and wait for it; meanwhile call `look` every few seconds.

    When it ends, in whatever way, or when this process ends, the processes that it has started are
    ended too.

    Args:
        call: the function; it can be pickled.
        fatal: what the error of any of its threads says if nothing more is to be expected.
        look: is called in this process.

    Returns:
        the traceback of the error that it raised, or None; and whether it was given up, because of
        an error in a thread or because it was killed.
    """
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(call, fatal, send), daemon=True)
    process.start()
    send.close()
    try:
        while not receive.poll(LOOK):  # also true if the process is gone
            look()
        try:
            error, died = receive.recv(), False
        except EOFError:
            error, died = None, True
        look()
    finally:
        _end(process)
    return error, died


def _end(process: multiprocessing.process.BaseProcess) -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):  # it leads a group of its own
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def _call(call: Callable[[], object], fatal: str, send: Connection) -> None:
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    before = threading.excepthook

    def hook(about: threading.ExceptHookArgs) -> None:
        if fatal in str(about.exc_value):
            os._exit(GIVEN_UP)
        before(about)

    threading.excepthook = hook
    error = None
    try:
        call()
    except BaseException:
        error = traceback.format_exc()
    send.send(error)
    sys.stdout.flush()
    send.close()
    os._exit(0)  # not waiting for threads, which may wait for workers


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(GIVEN_UP)
