"""The file that keeps what a model's own catalogue has taught about new individuals."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tf_happywhale.disk.files import write_json
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.new_individual.telling import Telling
from tf_happywhale.retrieval.ranking.learned import Learned


def save_learned(path: Path, learned: Learned, made_from: str) -> None:
    """Write what was learned as JSON; `made_from` says from which models and settings."""
    write_json(path, {"made_from": made_from, **asdict(learned)})


def load_learned(path: Path, made_from: str) -> Learned | None:
    """Return what `save_learned` wrote; None if there is nothing, or for other models or settings.

    Raises:
        InputError: the file is damaged.
    """
    if not path.is_file():
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said.pop("made_from") != made_from:
            return None
        said["shares"] = tuple(map(float, said["shares"]))
        for name in ("weights", "wrong_weights"):  # the latter is absent from older files
            said[name] = said.get(name) and tuple(map(float, said[name]))
        said["threshold"] = dict(said["threshold"])
        said["told"] = said.get("told") and Telling(**said["told"])
        if "seed" in said["threshold"]:  # its name in older files
            said["threshold"]["first_or_second"] = said["threshold"].pop("seed")
        return Learned(**said)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is damaged: delete it and run again.") from None
