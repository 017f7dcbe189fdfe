"""Where a training stands, written so that it resumes from there after any stop."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from tf_happywhale.disk.files import atomic_write
from tf_happywhale.errors import InputError
from tf_happywhale.training.resume.checkpoint_files import clear

KEPT = 2
UNFINISHED = (".step-*.safetensors", ".tmp*")  # what a killed process leaves; .tmp: safetensors'
DAMAGED = (SafetensorError, OSError, KeyError, TypeError, ValueError)  # what reading one may raise


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

    def begin_epoch(self, epoch: int) -> None:
        """All epochs before this one are finished, and none of its steps is taken."""
        self.epoch, self.losses, self.seconds = epoch, [], 0.0


class Checkpoints:
    """The last two states of a run, each one file of all its variables and its Progress.

    The values are stored as they are on any device, so that a run that was stopped on several can
    resume on one device, and the other way round. The groups `scale`, of the loss in float16, and
    `gathered`, which earlier versions lacked, may be missing on either side; they then start again.

    Args:
        folder: where the files lie.
        groups: the variables by what they belong to.
        stamp: what the run is made from; a checkpoint of another is refused.
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
        self.prune(progress)

    def best(self, progress: Progress) -> Path:
        """Where the weights of the best validation so far lie. Each has a file of its own, since a
        run that is killed resumes from a checkpoint that may know an older one."""
        return self.folder / f"best-epoch-{progress.best['epoch']:05d}.weights.h5"

    def prune(self, progress: Progress) -> None:
        """Take away the best weights that neither `progress` nor a checkpoint knows."""
        known = [progress]
        for file in self._files():
            with suppress(*DAMAGED), safe_open(file, "np") as stored:
                known.append(_progress(stored))
        kept = {self.best(each) for each in known if each.best}
        for file in set(self.folder.glob("best-epoch-*.weights.h5")) - kept:
            file.unlink()

    def restore(self, tidy: bool = True, restart: bool = False) -> Progress | None:
        """Give the variables their values at the latest checkpoint, and return its Progress; None
        where there is none. A damaged file is removed, so that the one before counts; a line says
        so.

        Args:
            tidy: remove what is damaged or was not finished; of several workers the chief does.
            restart: return None if there are checkpoints of another run.

        Raises:
            InputError: there are checkpoints of another run.
        """
        for pattern in UNFINISHED if tidy else ():
            for unfinished in self.folder.glob(pattern):
                unfinished.unlink()
        for file in self._files():
            try:
                found = self._read(file)
            except DAMAGED:
                verb = "removed" if tidy else "passed over"
                print(
                    f"{file} is damaged, or its best weights are gone: it is {verb}, and the "
                    "checkpoint before it counts, if there is one"
                )
                if tidy:
                    file.unlink()
                continue
            if found is None:
                if restart:
                    return None
                raise InputError(
                    f"{file.parent} holds an unfinished training of other settings, photographs or "
                    "layers: give it up with train.restart=true."
                )
            progress, arrays = found
            for name, array in arrays.items():
                self.variables[name].assign(array)
            return progress
        return None

    def _read(self, file: Path) -> tuple[Progress, dict[str, np.ndarray]] | None:
        """A checkpoint's content; None if it is not of this run. Raises what DAMAGED lists."""
        wanted = {name: list(variable.shape) for name, variable in self.variables.items()}
        with safe_open(file, "np") as stored:
            about = stored.metadata() or {}
            if about.get("stamp") != self.stamp:
                return None
            found = {name: stored.get_slice(name).get_shape() for name in list(stored.keys())}
            if _without_optional(found) != _without_optional(wanted):
                return None
            arrays = {name: stored.get_tensor(name) for name in found if name in wanted}
            progress = _progress(stored)
        if progress.best:
            self.best(progress).stat()
        return progress, arrays

    def clear(self) -> None:
        """Take all of them away: another run begins."""
        clear(self.folder)

    def _files(self) -> list[Path]:
        """The latest first."""
        return sorted(self.folder.glob("step-*.safetensors"), reverse=True)


def _progress(stored: safe_open) -> Progress:
    return Progress(**json.loads((stored.metadata() or {})["progress"]))


def _without_optional(shapes: dict[str, list[int]]) -> dict[str, list[int]]:
    """All but the groups that a run in another precision, or of an earlier version, lacks."""
    optional = ("scale/", "gathered/")
    return {name: shape for name, shape in shapes.items() if not name.startswith(optional)}
