"""Ranked individuals as Kaggle wants them: `image,predictions` with five ids each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.errors import InputError
from tf_happywhale.files import write_csv

IDS = 5


def pad(ids: Sequence[str], frequent: Sequence[str], count: int = IDS) -> list[str]:
    """The first `count` different ids, filled up from `frequent`, never one twice.

    Fewer than `count` come back only where `frequent` does not hold enough others.
    """
    chosen = list(dict.fromkeys(ids))[:count]
    for identity in frequent:  # thousands, of which few are wanted
        if len(chosen) == count:
            break
        if identity not in chosen:
            chosen.append(identity)
    return chosen


def check_individuals(known: Sequence[str]) -> None:
    """Raise InputError where the catalogue's individuals do not make five different answers."""
    if len(known) < IDS - 1:
        raise InputError(
            f"The catalogue has {len(known)} individuals, but five different answers "
            "(new_individual is one) need at least four: add some."
        )


def write_submission(path: Path, images: Sequence[str], ranked: Sequence[Sequence[str]]) -> None:
    """Write a submission, its rows in the order of `images`.

    Raises:
        InputError: an image has not five different ids without spaces, or comes twice.
    """
    if len(set(images)) != len(images):
        raise InputError("An image stands twice in the submission.")
    for image, ids in zip(images, ranked, strict=True):
        if len(set(ids)) != IDS or len(ids) != IDS or any(len(i.split()) != 1 for i in ids):
            raise InputError(
                f"The prediction for {image} must be five different ids, but is {' '.join(ids)!r}: "
                "the catalogue needs at least four individuals."
            )
    table = pd.DataFrame({"image": list(images), "predictions": [" ".join(ids) for ids in ranked]})
    write_csv(path, table)
