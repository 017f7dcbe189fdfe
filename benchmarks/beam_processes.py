"""The worker processes of a command on Beam's DirectRunner (Linux), to be killed."""

from __future__ import annotations

from pathlib import Path

WORKER = b"apache_beam.runners.worker.sdk_worker_main"


def worker_processes(command: int) -> list[int]:
    """Return the process ids of the workers that a command, given by its own id, has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if WORKER in words and command in _ancestors(int(folder.name)):
                found.append(int(folder.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def _ancestors(process: int) -> list[int]:
    found = []
    while process > 1:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
        said = next(line for line in status.splitlines() if line.startswith("PPid"))
        process = int(said.split()[1])
        found.append(process)
    return found
