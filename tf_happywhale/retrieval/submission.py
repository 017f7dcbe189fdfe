"""Submission of ranked individuals in Kaggle's form: `image,predictions` with five ids each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.disk.files import write_csv
from tf_happywhale.errors import InputError

ANSWERS = 5  # individuals in a prediction; only these count in mAP@5


def pad(ids: Sequence[str], frequent: Sequence[str], count: int = ANSWERS) -> list[str]:
    """Return the first `count` different ids, filled up from `frequent`; none comes twice.

    Fewer than `count` are returned only if `frequent` does not hold enough others.
    """
    chosen = list(dict.fromkeys(ids))[:count]
    for identity in frequent:  # thousands, of which few are wanted
        if len(chosen) == count:
            break
        if identity not in chosen:
            chosen.append(identity)
    return chosen


def no_submission(known: Sequence[str]) -> str:
    """Return why a catalogue of these individuals has no submission, in words; empty if it has
    one."""
    spaced = next((who for who in known if who.split() != [who]), None)
    if spaced is not None:
        return f"a submission separates ids by spaces, and {spaced!r} holds one"
    if len(known) < ANSWERS - 1:
        return (
            "its five different answers (new_individual is one) need at least four individuals, "
            f"and the catalogue has {len(known)}"
        )
    return ""


def write_submission(path: Path, images: Sequence[str], ranked: Sequence[Sequence[str]]) -> None:
    """Write a submission, its rows in the order of `images`.

    Raises:
        InputError: an image has not five different ids without spaces, or comes twice.
    """
    if len(set(images)) != len(images):
        raise InputError("An image stands twice in the submission.")
    for image, ids in zip(images, ranked, strict=True):
        if len(set(ids)) != ANSWERS or len(ids) != ANSWERS or any(len(i.split()) != 1 for i in ids):
            raise InputError(
                f"The prediction for {image} must be five different ids, but is {' '.join(ids)!r}: "
                "the catalogue needs at least four individuals."
            )
    table = pd.DataFrame({"image": list(images), "predictions": [" ".join(ids) for ids in ranked]})
    write_csv(path, table)
