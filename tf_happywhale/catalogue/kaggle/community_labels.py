"""The individuals in the community's TFRecords: from `individual_ids.json`, or from a `train.csv`
next to the records or in data.root, which counts first."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.photographs.checked_names import check_names
from tf_happywhale.catalogue.photographs.known_names import KnownNames
from tf_happywhale.errors import InputError

INDIVIDUALS = "individual_ids.json"


def read_individuals(folder: Path) -> dict[int, str]:
    """The individual of each target, from `individual_ids.json`; empty without such a file.

    The file maps targets to ids, or ids to targets, or is a list of ids.

    Raises:
        InputError: the file holds something else.
    """
    file = folder / INDIVIDUALS
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        if isinstance(content, list):
            pairs = list(enumerate(content))
        elif all(isinstance(value, str) for value in content.values()):
            pairs = [(int(target), identity) for target, identity in content.items()]
        else:
            pairs = [(target, identity) for identity, target in content.items()]
    except (ValueError, AttributeError):
        pairs = [(None, "")]
    individuals: dict[int, str] = {}
    for target, identity in pairs:
        if type(target) is not int or not isinstance(identity, str):
            raise InputError(
                f'{file} must hold an object such as {{"cadddb1636b9": 0}}, with ids as text and '
                "targets as whole numbers."
            )
        if individuals.setdefault(target, identity) != identity:
            raise InputError(
                f"{file} gives the target {target} to {individuals[target][:80]!r} and to "
                f"{identity[:80]!r}: correct it."
            )
    return individuals


def catalogue_of(
    index: pd.DataFrame, individuals: dict[int, str], folder: Path, labels: pd.DataFrame | None
) -> pd.DataFrame:
    """The train images of an index as a catalogue: text columns image, species, individual_id.

    Args:
        index: from `read_index`.
        individuals: the individual of each target of the records.
        folder: of the records, for errors.
        labels: rows of a `train.csv`, which count before the records; None: there is none.

    Raises:
        InputError: the label of an image is neither in its record nor in `labels`.
    """
    train = index[index["split"] == "train"]
    known = {}
    if labels is not None:
        names = KnownNames(train["image"], f"in the TFRecords of {folder}")
        images = [names.find(image, "train.csv") or image for image in labels["image"]]
        check_names(images, folder / "train.csv")
        known = labels.assign(image=images).set_index("image").to_dict("index")
    rows = []
    for image, target, kind in zip(train["image"], train["target"], train["species"], strict=True):
        row = known.get(image)
        if row is not None:
            rows.append((image, row["species"], row["individual_id"]))
            continue
        who = individuals.get(int(target))
        if who is None:
            raise InputError(_unlabelled(image, target, individuals, folder, labels))
        rows.append((image, "" if kind == "-1" else f"species_{kind}", who))
    return pd.DataFrame(rows, columns=["image", "species", "individual_id"], dtype=object)


def _unlabelled(
    image: str,
    target: str,
    individuals: dict[int, str],
    folder: Path,
    labels: pd.DataFrame | None,
) -> str:
    """Why the individual in an image is not known, and what to do."""
    if target != "-1" and individuals:
        return f"Target {target} of the TFRecords is not in {folder / INDIVIDUALS}: add it."
    lacking = (
        f"The record of {image!r} has no target"
        if target == "-1"
        else f"There is no {folder / INDIVIDUALS}, which names the individual of each target"
    )
    if labels is None:
        return (
            f"{lacking}: put train.csv (image,individual_id) into the folder of the TFRecords, or "
            "set data.root to the folder that has it."
        )
    return (
        f"{lacking}, and train.csv does not list the image: add it. Images there are named like "
        f"{labels['image'].iloc[0]!r}."
    )
