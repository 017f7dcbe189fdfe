"""Where a training stands, written so that it goes on from there after any stop."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from tf_happywhale.files import atomic_write

KEPT = 2


@dataclass
class Progress:
    """What of a training is not in variables.

    Attributes:
        step: steps taken in all.
        epoch: epochs that are finished, validated and logged.
        losses: of the steps of the epoch under way, those that were finite.
        seconds: that it has taken so far.
        bad_steps: steps of the run that were not finite and were left out.
        best: the log's entry of the best validation.
    """

    step: int = 0
    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    bad_steps: int = 0
    best: dict = field(default_factory=dict)


class Checkpoints:
    """The last two states of a run, each one file of all its variables and its Progress.

    The values are stored as they are on any device, so that a run that was stopped on several can
    go on on one, and the other way round. The group `scale`, of the loss in float16, may be missing
    on either side; it then starts anew.

    Args:
        folder: where the files lie.
        groups: the variables by what they belong to.
        stamp: what the run is made from; a checkpoint of another is not gone on from.
    """

    def __init__(self, folder: Path, groups: dict[str, list[keras.Variable]], stamp: str) -> None:
        self.folder, self.stamp = folder, stamp
        self.variables = {
            f"{group}/{number:05d}": variable
            for group, variables in groups.items()
            for number, variable in enumerate(variables)
        }

    def save(self, progress: Progress) -> None:
        """Write the present state beside the others, and take away all but the last two."""
        arrays = {
            name: np.asarray(keras.ops.convert_to_numpy(variable), order="C")
            for name, variable in self.variables.items()
        }
        about = {"stamp": self.stamp, "progress": json.dumps(asdict(progress))}
        with atomic_write(self.folder / f"step-{progress.step:09d}.safetensors") as temporary:
            save_file(arrays, temporary, about)
        for file in self._files()[KEPT:]:
            file.unlink()

    def restore(self) -> Progress | None:
        """Give the variables their values at the latest checkpoint, and return its Progress; None
        where there is none of this run. A damaged file is passed over for the one before."""
        for unfinished in self.folder.glob(".step-*.safetensors"):
            unfinished.unlink(missing_ok=True)  # another worker may be at it too
        for file in self._files():
            try:
                with safe_open(file, "np") as stored:
                    about = stored.metadata() or {}
                    both = set(stored.keys()) & set(self.variables)
                    differing = set(stored.keys()) ^ set(self.variables)
                    other = not all(name.startswith("scale/") for name in differing)
                    if about.get("stamp") != self.stamp or other:
                        continue
                    arrays = {name: stored.get_tensor(name) for name in both}
                progress = Progress(**json.loads(about["progress"]))
            except (SafetensorError, OSError):
                print(f"{file} is damaged: going on from the checkpoint before it")
                continue
            for name, array in arrays.items():
                self.variables[name].assign(array)
            return progress
        return None

    def clear(self) -> None:
        """Take all of them away: the run is finished, or another begins."""
        for file in self._files():
            file.unlink()

    def _files(self) -> list[Path]:
        """The latest first."""
        return sorted(self.folder.glob("step-*.safetensors"), reverse=True)
