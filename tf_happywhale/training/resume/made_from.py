"""What a training is made from: settings, start weights, and each picture with its individual.

It is written into the run folder. So a model is trained again only if something that training reads
has changed, and the change can be named.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tf_happywhale.config import Experiment
from tf_happywhale.config.renamed import renewed
from tf_happywhale.disk.files import write_csv, write_json
from tf_happywhale.disk.hashes import digest

FILE = "made_from.json"
PICTURES = "made_from.csv"
COLUMNS = ("image", "individual_id", "part", "picture")
PREDICTED = "predicted"  # in place of a fold, for images to identify
SECTIONS = {"seed", "image_size", "model", "train", "augment"}

# Keys of these sections that may change without another training, with the reason. All other keys
# change the weights.
FREE = {
    "train.validate_every": "weights are the same; it says which epochs can be the best one",
    "train.checkpoint_minutes": "only where a stopped run resumes",
    "train.max_hours": "only when a run stops",
    "train.max_bad_steps": "only when a run stops",
    "train.steps_per_execution": "the same steps, in other calls",
    "train.device": "where the same steps are computed",
    "train.tensorboard": "the same log, in another form",
    "train.restart": "only whether an unfinished training of something else is given up",
    "model.weights": "the content of the file counts, not its name",
    "train.teachers": "what they say of the images counts, not where it lies",
}


@dataclass(frozen=True)
class MadeFrom:
    """Record of what a training is made from.

    Attributes:
        config: the value of each key of SECTIONS that is not FREE, such as `train.epochs`.
        weights: SHA-256 of the file that it starts from, or the name of weights without a file.
        individuals: a digest of all individuals in the order of their targets.
        species: a digest of the species of each, if the model tells species apart.
        fold: the fold that is left out.
        pictures: for each image its name, its individual, its fold or PREDICTED, and a digest of
            what its pixels depend on.
        teachers: a digest of what they say of these images; None: nobody teaches.
    """

    config: dict[str, Any]
    weights: str | None
    individuals: str
    species: str | None
    fold: int
    pictures: tuple[tuple[str, str, str, str], ...]
    teachers: str | None = None

    def stamp(self) -> str:
        """Return a digest of everything that the training is made from."""
        told = dict(vars(self))  # `asdict` would copy every picture
        if self.teachers is None:  # as before there were any
            del told["teachers"]
        return digest(told)


def flat(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the values of SECTIONS by key, such as `train.epochs`, without the FREE ones."""
    found = {}
    for name in sorted(SECTIONS & tree.keys()):
        value = tree[name]
        keys = {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {}
        found |= keys or {name: value}
    return {key: value for key, value in found.items() if key not in FREE}


def write_made_from(folder: Path, made: MadeFrom, **more: Any) -> None:
    """Write what a training is made from into a folder, together with `more`."""
    import pandas as pd

    write_csv(folder / PICTURES, pd.DataFrame(list(made.pictures), columns=list(COLUMNS)))
    told = asdict(replace(made, pictures=()))
    write_json(folder / FILE, {**told, "pictures": digest(made.pictures), **more})


def read_made_from(folder: Path) -> tuple[MadeFrom, dict[str, Any]] | None:
    """Read what `write_made_from` wrote, and the `more`; None if it is missing or damaged."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        with (folder / PICTURES).open(encoding="utf-8", newline="") as file:
            pictures = tuple(map(tuple, csv.reader(file)))[1:]
        if told.pop("pictures") != digest(pictures):
            return None
        told = {"teachers": None, **told}  # earlier versions had none
        parts = {name: told.pop(name) for name in asdict(_NOTHING) if name != "pictures"}
        parts["config"] = renewed(parts["config"])
        return MadeFrom(**parts, pictures=pictures), told
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error):
        return None


def differences(asked: MadeFrom, before: MadeFrom) -> list[str]:
    """Return how what is asked for differs from before, in words; empty if it does not.

    A key that did not exist before counts as its default of today. A key that no longer exists is
    ignored.
    """
    found = config_differences(asked.config, before.config)
    if asked.fold != before.fold:
        found.append(f"fold is {asked.fold}, was {before.fold}")
    if asked.weights != before.weights:
        found.append("model.weights names another file than before")
    if asked.pictures != before.pictures:
        found += _of_pictures(asked.pictures, before.pictures)
    elif asked.individuals != before.individuals:
        found.append("the catalogue's individuals have changed")
    if asked.species != before.species:
        found.append("the species have changed")
    if asked.teachers != before.teachers:
        found.append(_of_teachers(asked.teachers, before.teachers))
    return found


def config_differences(asked: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """Return the keys whose values have changed, in words."""
    return [
        f"{key} is {_shown(value)}, was {_shown(before.get(key, _defaults()[key]))}"
        for key, value in asked.items()
        if value != before.get(key, _defaults()[key])
    ]


def in_words(found: Sequence[str], most: int = 4) -> str:
    """Return differences as a part of a sentence."""
    more = [f"and {len(found) - most} more"] if len(found) > most else []
    return "; ".join([*found[:most], *more])


def _of_pictures(asked: Sequence[tuple], before: Sequence[tuple]) -> list[str]:
    """Return the differences among the pictures, each with its first image as an example."""
    now, then = ({(row[0], row[2] == PREDICTED): row for row in rows} for rows in (asked, before))
    both = [(now[key], then[key]) for key in now if key in then]
    kinds = {
        "new": [row[0] for key, row in now.items() if key not in then],
        "gone": [row[0] for key, row in then.items() if key not in now],
        "of another individual": [a[0] for a, b in both if a[1] != b[1]],
        "in another fold": [a[0] for a, b in both if a[2] != b[2]],
        "changed (the picture or its box)": [a[0] for a, b in both if a[3] != b[3]],
    }
    said = [f"{_images(names)} {kind}" for kind, names in kinds.items() if names]
    return said or ["the images are in another order"]


def _of_teachers(asked: str | None, before: str | None) -> str:
    if before is None:
        return "train.teachers teach it, and nobody did before"
    if asked is None:
        return "nobody teaches it, and train.teachers did before"
    return "what train.teachers say of the images, or their weights, has changed"


def _images(names: Sequence[str]) -> str:
    first = names[0][:40]
    return f"{first} is" if len(names) == 1 else f"{len(names)} images, such as {first}, are"


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]


@cache
def _defaults() -> dict[str, Any]:
    return flat(Experiment().model_dump(mode="json", include=SECTIONS))


_NOTHING = MadeFrom({}, None, "", None, 0, ())
