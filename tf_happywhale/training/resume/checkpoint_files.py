"""The files of an unfinished training's checkpoints, by their names and stamps."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError, safe_open

STEP = "step-{:09d}.safetensors"
BEST_EPOCH = "best-epoch-{:05d}.weights.h5"
STEPS = "step-*.safetensors"
BEST = "best-epoch-*.weights.h5"
PATTERNS = (BEST, STEPS)


def is_begun(run: Path) -> bool:
    """Return whether a folder holds checkpoints, or the best weights, of an unfinished training."""
    return any(any((run / "checkpoints").glob(pattern)) for pattern in PATTERNS)


def stamp_of(folder: Path) -> str | None:
    """Return the stamp of the latest checkpoint that can be read."""
    for file in sorted(folder.glob(STEPS), reverse=True):
        with suppress(SafetensorError, OSError, KeyError), safe_open(file, "np") as stored:
            return str((stored.metadata() or {})["stamp"])
    return None


def best_weights(folder: Path) -> dict[int, Path]:
    """Return the files of the best weights that are kept, by epoch."""
    files = folder.glob(BEST)
    return {int(file.name.split(".")[0].rpartition("-")[2]): file for file in files}


def files_of(folder: Path) -> list[Path]:
    """Return the files that only resuming needs, the steps last; `best.weights.h5` is not one of
    them."""
    return [file for pattern in PATTERNS for file in sorted(folder.glob(pattern))]


def clear(folder: Path) -> None:
    """Remove the files that only resuming needs."""
    for file in files_of(folder):
        file.unlink()
