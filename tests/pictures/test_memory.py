from __future__ import annotations

import platform
import subprocess
import sys

from tf_happywhale.pictures import memory

FAULTS = """
import resource, sys
import numpy as np
if sys.argv[1] == "keep":
    from tf_happywhale.pictures.memory import keep_freed_memory
    keep_freed_memory()
def work():
    for _ in range(50):
        blocks = [np.full(2**20, 1, np.uint8) for _ in range(8)]
        del blocks
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    """Page faults of asking 50 times for eight blocks of a megabyte."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_freed_memory_is_used_again_without_the_kernel() -> None:
    if platform.libc_ver()[0] == "glibc":
        assert faults("keep") * 10 < faults("leave")


def test_elsewhere_nothing_happens(monkeypatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: 1 / 0)
    memory.keep_freed_memory()
