"""An unfinished training in a run folder: where it lies, what made it, and how it is finished.

It lies in `training/`, next to the finished model if there is one. When it is finished, all of it
takes the place of that model at once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tf_happywhale.config import Experiment, load_dumped
from tf_happywhale.disk.swap import end_swap, remove, swap_in
from tf_happywhale.errors import InputError
from tf_happywhale.run_folders.contents import OUTPUTS, TRAINING
from tf_happywhale.training.resume.checkpoint_files import STEPS, files_of, is_begun, stamp_of
from tf_happywhale.training.resume.made_from import (
    FILE,
    MadeFrom,
    config_differences,
    differences,
    flat,
    in_words,
    read_made_from,
    write_made_from,
)
from tf_happywhale.training.resume.older_stamps import OlderForm, settings_of

GIVEN_UP = "given_up"  # what `train.restart=true` gave up, until the new training is finished
# What was made from the older model: `embed`'s conversions, and what `identify` has learned.
OUTDATED = (
    "model.onnx", "openvino", "litert", "saved_model", "proven.json", "new_individuals.json",
    "tensorboard",
)  # fmt: skip
AT_FIRST = ("config.yaml", "environment.json", "log.jsonl")  # in a run folder of older versions


def end(run: Path) -> None:
    """Finish an interrupted swap, and take over what an earlier version has left. The caller has
    locked the run folder."""
    end_swap(run / TRAINING)
    _take_over(run)


def is_finished(run: Path, asked: MadeFrom, *, again: bool = False) -> bool:
    """Return whether the run folder holds the model that is asked for.

    Args:
        run: the run folder.
        asked: what it is to be made from.
        again: a model that was finished before its last epoch does not count.
    """
    known = read_made_from(run)
    if known is None or not all((run / file).exists() for file in OUTPUTS):
        return False
    before, more = known
    if differences(asked, before):
        return False
    if "epochs" in more and not again:
        print(
            f"{run} was finished after {more['epochs']} of {more['of']} epochs; "
            "train.restart=true trains it again"
        )
    return not ("epochs" in more and again)


def note_older(run: Path, older: OlderForm, is_current: Callable[..., bool]) -> None:
    """Note what an earlier version's finished model was made from, if its stamp shows it.

    Args:
        run: the run folder.
        older: today's inputs in the earlier form.
        is_current: whether the stage was last done from `depends_on`.
    """
    if (run / FILE).is_file():
        return
    if any(is_current(depends_on=form) for form in older.forms(run)):
        with suppress(OSError):  # a folder that may not be written to
            write_made_from(run, older.made_from(run))


def say_why(run: Path, asked: MadeFrom, older: OlderForm) -> None:
    """Print why a finished model is trained again, and that it stays until then."""
    if not (run / "model.keras").is_file():
        return
    known = read_made_from(run)
    found = differences(asked, known[0]) if known else _perhaps(asked, run)
    print(f"{run} is trained again: {in_words(found or ['it was finished before its last epoch'])}")
    print("the model that is there stays until the new one is whole")


def _take_over(run: Path) -> None:
    """Move an earlier version's unfinished training from the run folder itself into `training/`."""
    old, new = run / "checkpoints", run / TRAINING
    if not list(old.glob(STEPS)) or (new / FILE).is_file():
        return
    (new / "checkpoints").mkdir(parents=True, exist_ok=True)
    for name in AT_FIRST:
        with suppress(FileNotFoundError):
            shutil.copyfile(run / name, new / name)
    for file in files_of(old):
        os.replace(file, new / "checkpoints" / file.name)


def prepare(
    run: Path, asked: MadeFrom, older: OlderForm, *, restart: bool, chief: bool = True
) -> str:
    """Make `training/` ready for a training, and return the stamp of its checkpoints.

    Args:
        run: the run folder.
        asked: what it is to be made from.
        older: `asked` in the form of earlier versions.
        restart: give up an unfinished training of something else; it is kept aside for now.
        chief: this worker is the one that writes.

    Raises:
        InputError: there is an unfinished training of something else.
    """
    folder = run / TRAINING
    if is_begun(folder):
        known = known_of(folder, older)
        found = differences(asked, known[0]) if known else _perhaps(asked, folder)
        if known and not found:
            if chief:
                write_made_from(folder, asked, stamp=known[1]["stamp"])
            return known[1]["stamp"]
        if not restart:
            raise InputError(
                f"{folder} holds an unfinished training of something else: {in_words(found)}. "
                "Resume it as it was, or make a model of its best epoch with `python -m "
                "tf_happywhale.train finish`, or give it up with train.restart=true."
            )
        if chief:
            remove(run / GIVEN_UP)
            os.replace(folder, run / GIVEN_UP)
            print(f"the unfinished training is given up; it is in {run / GIVEN_UP} for now")
    stamp = asked.stamp()
    if chief:
        remove(folder)
        write_made_from(folder, asked, stamp=stamp)
    return stamp


def known_of(folder: Path, older: OlderForm) -> tuple[MadeFrom, dict[str, Any]] | None:
    """Return what the unfinished training in a folder is made from, with the stamp of its
    checkpoints; None if that is not known."""
    known = read_made_from(folder)
    if known is None:
        stamp = stamp_of(folder / "checkpoints")
        if stamp in older.stamps(folder):
            return older.made_from(folder), {"stamp": stamp}
    return known


def settings_to_finish(run: Path, asked: MadeFrom, older: OlderForm) -> Experiment:
    """Return the settings of a run folder's unfinished training; note what it is made from.

    Raises:
        InputError: it has learned from other photographs or labels than there are now, or does
            not say from which.
    """
    folder = run / TRAINING
    known = known_of(folder, older)
    if known is None or settings_of(folder) is None:
        raise InputError(
            f"{folder} does not say what it was made from, or has learned from other data than "
            "there are now: it cannot be finished."
        )
    before, more = known
    found = differences(replace(asked, config=before.config, weights=before.weights), before)
    if found:
        raise InputError(
            f"{folder} has learned from other data than there are now: {in_words(found)}. Put "
            "that back to finish it."
        )
    write_made_from(folder, before, **more)
    return load_dumped(folder / "config.yaml")


def note_finish(folder: Path, epochs: int, of: int) -> None:
    """Note that a training was finished after `epochs` of its epochs."""
    made, more = read_made_from(folder)
    write_made_from(folder, made, **{**more, "epochs": epochs, "of": of})


def put_in_place(run: Path) -> None:
    """Replace the model in the run folder by the finished training in `training/`."""
    folder = run / TRAINING
    only_to_resume = files_of(folder / "checkpoints")
    swap_in(folder, last="model.keras", outdated=OUTDATED, unneeded=only_to_resume)
    remove(run / GIVEN_UP)


def _perhaps(asked: MadeFrom, folder: Path) -> list[str]:
    """Return the ways in which an earlier version's training may be a different one."""
    before = settings_of(folder)
    found = [] if before is None else config_differences(asked.config, flat(before))
    return [*found, "its weights, photographs, labels or folds may have changed"]
