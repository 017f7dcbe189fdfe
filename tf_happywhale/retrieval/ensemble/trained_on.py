"""Which folds a model was trained on: noted in its embeddings, checked before it judges a fold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError

FORM = re.compile(r"(?P<records>.+); folds (?P<folds>[\d ]+|none) of (?P<assignment>[0-9a-f]{8})")
NOTHING = "nothing"
ELSEWHERE = "individuals of others"  # on a catalogue of others; see `teaching/elsewhere.py`


@dataclass(frozen=True)
class TrainedOn:
    """Record of what a model was trained on.

    Attributes:
        records: name of the records folder.
        folds: the folds.
        assignment: of images to folds, see `assignment_of`.
    """

    records: str
    folds: frozenset[int]
    assignment: str

    def __str__(self) -> str:
        folds = " ".join(map(str, sorted(self.folds))) or "none"
        return f"{self.records}; folds {folds} of {self.assignment}"


def assignment_of(folds: Mapping[str, int]) -> str:
    """Return a digest of which image lies in which fold, the same in any order."""
    return digest(sorted(folds.items()))[:8]


def held_out_folds(model: str, trained_on: str, folds: Mapping[str, int]) -> list[int]:
    """Return the folds of which a model has seen no image.

    Args:
        model: its name, for the error.
        trained_on: what its embeddings say, or `nothing` for what was not trained at all, or
            what begins with `ELSEWHERE` for what was trained on none of these images.
        folds: fold of each image of the catalogue.

    Raises:
        InputError: the embeddings do not say it, or mean other folds.
    """
    everywhere = sorted(set(folds.values()))
    if trained_on == NOTHING or trained_on.startswith(ELSEWHERE):
        return everywhere
    said = FORM.fullmatch(trained_on)
    if said is None:
        raise InputError(
            f"The embeddings of {model} do not say which folds it was trained on, so that nothing "
            "can be learned from them about new individuals: run embed again. In another program's "
            "file save trained_on='nothing' if its model has seen none of these images."
        )
    if said["assignment"] != assignment_of(folds):
        raise InputError(
            f"{model} was trained on other folds than these (the catalogue, data.fold_by or the "
            "seed has changed): train and embed again."
        )
    seen = set() if said["folds"] == "none" else {int(fold) for fold in said["folds"].split()}
    return [fold for fold in everywhere if fold not in seen]


def check_held_out(model: str, trained_on: str, fold: int, folds: Mapping[str, int]) -> None:
    """Refuse a model as a judge of a fold it has seen.

    Raises:
        InputError: it was trained on images of that fold, or its embeddings do not say.
    """
    if fold not in held_out_folds(model, trained_on, folds):
        raise InputError(
            f"{model} was trained on fold {fold}: its scores there say nothing about images it has "
            "not seen. Leave it out, or take the model that was trained without that fold."
        )


def has_seen(trained_on: str, fold: int, folds: Mapping[str, int]) -> bool:
    """Return whether a model says that it was trained on a fold of this catalogue."""
    said = FORM.fullmatch(trained_on)
    if said is None or said["assignment"] != assignment_of(folds) or said["folds"] == "none":
        return False
    return fold in {int(seen) for seen in said["folds"].split()}


def every_fold(records: str, folds: Mapping[str, int]) -> str:
    """Return what embeddings say of a model that has seen every image."""
    return str(TrainedOn(records, frozenset(folds.values()), assignment_of(folds)))


def all_but(fold: int, records: str, folds: Mapping[str, int]) -> str:
    """Return what embeddings say of a model trained on every fold but one."""
    others: Iterable[int] = set(folds.values()) - {fold}
    return str(TrainedOn(records, frozenset(others), assignment_of(folds)))
