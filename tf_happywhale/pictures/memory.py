"""Memory for pictures, which is used again instead of being asked for again."""

from __future__ import annotations

import ctypes
import platform

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # glibc's numbers for mallopt
LARGEST = 32 * 2**20  # the most it accepts for MMAP_THRESHOLD


def keep_freed_memory() -> None:
    """Let glibc keep freed blocks of up to 32 MB for the next picture.

    Otherwise it gives them back to the kernel, which hands out zeroed pages one by one: a quarter
    of the time that decoding a picture of 512 pixels takes. Without glibc nothing happens.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(MMAP_THRESHOLD, LARGEST)
        libc.mallopt(TRIM_THRESHOLD, 16 * LARGEST)
