"""The weights file in a run folder, and the run folder of a weights file."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.disk.swap import settle_swap
from tf_happywhale.errors import InputError

ENDINGS = (".keras", ".weights.h5")
# The weights in a run folder, the best first: those of a finished run, then of a stopped one.
FILES = (
    "model.keras", "checkpoints/best.weights.h5", "training/checkpoints/best-epoch-*.weights.h5",
    "checkpoints/best-epoch-*.weights.h5",
)  # fmt: skip


def is_own(address: str | None) -> bool:
    """Return whether an address of `find_weights` is a file that this package has written."""
    return address is not None and address.endswith(ENDINGS) and "://" not in address


def own_file(folder: Path) -> Path:
    """Return the best weights file in a run folder.

    Raises:
        InputError: there is none.
    """
    settle_swap(folder / "training")  # a kill may have stopped the move of a finished model
    for pattern in FILES:
        found = sorted(folder.glob(pattern))
        if found:
            return found[-1]
    raise InputError(
        f"{folder} holds no model.keras and no checkpoints/best.weights.h5: set model.weights to a "
        "run folder, such as OUTPUT/NAME/fold0, or to a weights file."
    )


def run_of(file: Path) -> Path:
    """Return the run folder that a weights file lies in."""
    folder = file.parent.parent if file.parent.name == "checkpoints" else file.parent
    return folder.parent if folder.name == "training" else folder
