"""What a finished run folder holds: the names of its files, and what its model was trained on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.disk.files import write_json
from tf_happywhale.disk.swap import settle_swap
from tf_happywhale.errors import InputError

MODEL = "model.keras"
OUTPUTS = (MODEL, "classifier.keras", "metrics.json")
TRAINED_ON = "trained_on.json"
TRAINING = "training"  # the folder of an unfinished training, next to the finished model


def settle(run: Path) -> None:
    """Put a finished training into its place, if a kill has interrupted that. Call this before you
    read a run folder; mostly it does nothing."""
    settle_swap(run / TRAINING)


def check_model(path: Path) -> None:
    """Raise InputError, with the command to run, if there is no model file."""
    if not path.is_file():
        raise InputError(
            f"There is no model {path}: run `python -m tf_happywhale.train` with the same config."
        )


def write_trained_on(run: Path, trained_on: str, order: Sequence[str]) -> None:
    """Write which folds a finished model has seen (`retrieval/ensemble/trained_on.py`), and which
    individuals the classes of its head are. Folds and catalogue may change before it embeds."""
    write_json(run / TRAINED_ON, {"trained_on": trained_on, "order": list(order)})


def read_trained_on(run: Path) -> tuple[str, list[str]] | None:
    """Read what `write_trained_on` wrote; None if an earlier version finished the run.

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
