"""The files of a run folder: what one fold's training leaves behind."""

from __future__ import annotations

import io
import json
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras

from tf_happywhale.config import Experiment, dump_experiment
from tf_happywhale.disk.files import append_line, atomic_write, write_json, write_text
from tf_happywhale.disk.os_errors import check_opens
from tf_happywhale.errors import InputError

PACKAGES = (
    "tf-happywhale", "tensorflow", "keras", "numpy", "opencv-python-headless", "pandas",
    "scikit-learn", "pydantic",
)  # fmt: skip


TRAINED_ON = "trained_on.json"


def start_run(run: Path, experiment: Experiment, devices: str) -> None:
    """Write the resolved config and the environment, and begin the log."""
    write_text(run / "config.yaml", dump_experiment(experiment))
    write_json(run / "environment.json", environment(devices))
    write_text(run / "log.jsonl", "")


def write_trained_on(run: Path, trained_on: str, order: Sequence[str]) -> None:
    """Write down which folds a finished model has seen (`retrieval/ensemble/trained_on.py`), and
    who its head's classes are: folds and catalogue may be others when it embeds."""
    write_json(run / TRAINED_ON, {"trained_on": trained_on, "order": list(order)})


def read_trained_on(run: Path) -> tuple[str, list[str]] | None:
    """What `write_trained_on` wrote; None of a run that was finished by an earlier version.

    Raises:
        InputError: it is damaged.
    """
    file = run / TRAINED_ON
    if not file.is_file():
        return None
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        return str(said["trained_on"]), [str(who) for who in said["order"]]
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{file} is damaged: train again.") from None


def continue_run(run: Path, experiment: Experiment, epochs: int, devices: str) -> None:
    """Write the config and the environment in which the run is resumed, and remove the log's lines
    after so many epochs."""
    write_text(run / "config.yaml", dump_experiment(experiment))
    write_json(run / "environment.json", environment(devices))
    lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    write_text(run / "log.jsonl", "".join(lines[:epochs]))


def environment(devices: str) -> dict[str, Any]:
    """Python, package versions, git revision (of the code, if it is a checkout), devices."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "devices": devices,
        "git": _git_revision(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def log(run: Path, entry: dict[str, Any]) -> None:
    """Append one line to the run's log."""
    append_line(run / "log.jsonl", json.dumps(entry, allow_nan=False))


def save_weights(path: Path, model: keras.Model) -> None:
    """Write `<name>.weights.h5`, whole or not at all."""
    if not path.name.endswith(".weights.h5"):
        raise ValueError(f"{path} must end in .weights.h5")
    content = _InMemory(path)
    model.save_weights(content)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getbuffer())


class _InMemory(io.BytesIO):
    """What Keras takes for a file of this name. HDF5 that writes to a full disk itself cannot close
    its file, and ends the process with a crash."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.name = path.name

    def __str__(self) -> str:
        return self.name


def save_model(path: Path, model: keras.Model) -> None:
    """Write a `.keras` file, whole or not at all."""
    with atomic_write(path) as temporary:
        model.save(temporary)


def check_model(path: Path) -> None:
    """Raise InputError, with the command to run, where there is no model file."""
    if not path.is_file():
        raise InputError(
            f"There is no model {path}: run `python -m tf_happywhale.train` with the same config."
        )


def load_model(path: Path) -> keras.Model:
    """Read a `.keras` file of this package in Keras' safe mode.

    Raises:
        InputError: the file is missing or no such model.
    """
    check_model(path)
    check_opens(path)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} cannot be loaded as a model ({reason}): train again.") from None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git_revision() -> str:
    here = Path(__file__).resolve().parent
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40"],
            cwd=here, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()
