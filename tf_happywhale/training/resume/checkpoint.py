"""Checkpoints: where a training stands, so that it can resume there after any stop."""

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
from tf_happywhale.training.resume.checkpoint_files import BEST, BEST_EPOCH, STEP, STEPS, clear

KEPT = 2
UNFINISHED = (".step-*.safetensors", ".tmp*")  # what a killed process leaves; .tmp: safetensors'
DAMAGED = (SafetensorError, OSError, KeyError, TypeError, ValueError)  # what reading one may raise


@dataclass
class Progress:
    """The state of a training that is not in variables.

    Attributes:
        step: steps taken in all.
        epoch: epochs that are finished, validated and logged.
        losses: the finite losses of the epoch under way.
        seconds: the time that this epoch has taken so far.
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
        """Note that all epochs before this one are finished, and none of its steps is taken."""
        self.epoch, self.losses, self.seconds = epoch, [], 0.0


class Checkpoints:
    """The last two states of a run, each one file of all its variables and its Progress.

    The values do not depend on the devices, so a run that was stopped on several can resume on one,
    and the other way round. Two groups may be missing and then start again: `scale`, which only
    float16 has, and `gathered`, which earlier versions did not have.

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
        """Write the present state, and remove all but the last two."""
        arrays = {
            name: np.asarray(keras.ops.convert_to_numpy(variable), order="C")
            for name, variable in self.variables.items()
        }
        about = {"stamp": self.stamp, "progress": json.dumps(asdict(progress))}
        with atomic_write(self.folder / STEP.format(progress.step)) as temporary:
            save_file(arrays, temporary, about)
        for file in self._files()[KEPT:]:
            file.unlink()
        self.prune(progress)

    def best(self, progress: Progress) -> Path:
        """Return the file of the best weights so far. Each best epoch has its own file, since a
        killed run resumes from a checkpoint whose best epoch may be an earlier one."""
        return self.folder / BEST_EPOCH.format(progress.best["epoch"])

    def prune(self, progress: Progress) -> None:
        """Remove the best weights that neither `progress` nor a checkpoint names."""
        known = [progress]
        for file in self._files():
            with suppress(*DAMAGED), safe_open(file, "np") as stored:
                known.append(_progress(stored))
        kept = {self.best(each) for each in known if each.best}
        for file in set(self.folder.glob(BEST)) - kept:
            file.unlink()

    def restore(self, tidy: bool = True, restart: bool = False) -> Progress | None:
        """Give the variables their values at the latest checkpoint that can be read; return its
        Progress, or None. Damaged files after it are removed; a printed line says so.

        Args:
            tidy: remove what is damaged or unfinished. Of several workers only the chief does.
            restart: return None if there are checkpoints of another run, or none can be read.

        Raises:
            InputError: there are checkpoints of another run, or none of them can be read. Nothing
                is removed, since what is missing may come back from a copy.
        """
        for pattern in UNFINISHED if tidy else ():
            for unfinished in self.folder.glob(pattern):
                unfinished.unlink()
        damaged: list[Path] = []
        for file in self._files():
            try:
                found = self._read(file)
            except DAMAGED:
                damaged.append(file)
                continue
            if found is None:
                if restart:
                    return None
                raise InputError(
                    f"{file.parent} holds an unfinished training of other settings, photographs or "
                    "layers: give it up with train.restart=true."
                )
            _leave_out(damaged, remove=tidy)
            progress, arrays = found
            for name, array in arrays.items():
                self.variables[name].assign(array)
            return progress
        if damaged and not restart:
            raise InputError(
                f"No checkpoint in {self.folder} can be resumed: {damaged[0].name} is damaged, or "
                "its best weights are gone. Bring the files back from a copy, or begin again with "
                "train.restart=true."
            )
        return None

    def _read(self, file: Path) -> tuple[Progress, dict[str, np.ndarray]] | None:
        """Return a checkpoint's content; None if it is not of this run. Raises what DAMAGED
        lists."""
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
        """Remove all files that only resuming needs, since another run begins."""
        clear(self.folder)

    def _files(self) -> list[Path]:
        """Return the checkpoints' files, the latest first."""
        return sorted(self.folder.glob(STEPS), reverse=True)


def _leave_out(damaged: list[Path], *, remove: bool) -> None:
    """Say that damaged checkpoints do not count, and remove them if that is asked for."""
    for file in damaged:
        print(
            f"{file} is damaged, or its best weights are gone: it is "
            f"{'removed' if remove else 'passed over'}, and the checkpoint before it counts"
        )
        if remove:
            file.unlink()


def _progress(stored: safe_open) -> Progress:
    return Progress(**json.loads((stored.metadata() or {})["progress"]))


def _without_optional(shapes: dict[str, list[int]]) -> dict[str, list[int]]:
    """Leave out the groups that a run in another precision or of an earlier version has not."""
    optional = ("scale/", "gathered/")
    return {name: shape for name, shape in shapes.items() if not name.startswith(optional)}
