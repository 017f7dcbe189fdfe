"""The C library's file calls, counted, and one of them made to fail (see `shim.c`)."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
KILL = -1
FAULTS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EPERM": errno.EPERM, "kill": KILL}


def compiler() -> str | None:
    """The C compiler, if there is one; the injector is for Linux."""
    return (shutil.which("cc") or shutil.which("gcc")) if sys.platform == "linux" else None


def build(folder: Path) -> Path:
    """The compiled shim in `folder`."""
    library = folder / "shim.so"
    options = ["-O0", "-fno-builtin", "-shared", "-fPIC", "-Wall", "-Werror"]
    subprocess.run([compiler(), *options, "-o", library, SOURCE, "-ldl"], check=True)
    return library


def is_loaded() -> bool:
    """Whether this process was started with the shim."""
    return hasattr(ctypes.CDLL(None), "fault_arm")


def arm(folder: Path, at: int, fault: int, report: int) -> None:
    """From now on count the calls below `folder`, and let number `at` fail; 0 only counts them.

    Args:
        folder: an absolute path without links.
        at: the number of the call, from 1.
        fault: an errno, or KILL.
        report: a file descriptor that gets a line `CALL PATH` of what has failed or was counted.
    """
    ctypes.CDLL(None).fault_arm(os.fsencode(folder), ctypes.c_long(at), fault, report)


def disarm() -> None:
    """Let every call through again."""
    ctypes.CDLL(None).fault_disarm()
