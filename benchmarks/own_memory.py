"""The most memory of its own that a process has at one time, without what it maps from files."""

from __future__ import annotations

import threading
from pathlib import Path

EVERY = 0.01  # seconds; Linux keeps the peak of all memory, but not of this


class OwnMemory:
    """The peak while the body of `with` runs: `gb`, by looking a hundred times a second (Linux)."""

    gb = 0.0

    def __enter__(self) -> OwnMemory:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            (line,) = (line for line in status.splitlines() if line.startswith("RssAnon:"))
            self.gb = max(self.gb, int(line.split()[1]) * 1024 / 1e9)
            if self._stop.wait(EVERY):
                return
