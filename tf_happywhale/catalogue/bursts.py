"""Bursts: images that were taken together, so that one may flatter an answer about another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.tables.dates_of_images import known_day, two_forms
from tf_happywhale.errors import InputError

Label = tuple[str, ...]


def without_a_burst(catalogue: pd.DataFrame) -> np.ndarray:
    """Whether a row names neither an encounter nor a day, so that only its photograph can tell,
    bool [n]."""
    return np.array([not encounter and not day for encounter, day in _facts(catalogue)], bool)


def bursts_of(catalogue: pd.DataFrame, taken: Sequence[str] = ()) -> np.ndarray:
    """The burst of each image as text [n], the same for images that were taken together.

    These are the images of one encounter; if a row names none, the images of its individual of the
    same day; and the animals of one photograph. Who belongs together with a third belongs together.
    A burst has the name of its first image in text order, so the order of rows does not matter.

    Args:
        catalogue: columns image (the key of an animal) and individual_id; encounter and date if
            they are known.
        taken: when each photograph was taken, by its EXIF; the table's day counts before it.
    """
    images = list(catalogue["image"])
    labels = _labels(catalogue, taken)
    first = {image: image for image in images}  # of each image one of the same burst, or itself

    def head(image: str) -> str:
        while first[image] != image:
            first[image] = image = first[first[image]]
        return image

    seen: dict[Label, str] = {}
    for image, own in zip(images, labels, strict=True):
        for label in own:
            one, other = sorted((head(seen.setdefault(label, image)), head(image)))
            first[other] = one
    return np.array([head(image) for image in images], dtype=np.str_)


def check_days(catalogue: pd.DataFrame, taken: Sequence[str]) -> None:
    """Refuse days that are written in two forms, since nobody can tell which of them are the same.
    Where every row names an encounter, days do not count.

    Raises:
        InputError: such as 2021-04-03 (also the camera's) and 03/04/2021.
    """
    facts = _facts(catalogue)
    if all(encounter for encounter, _ in facts):
        return
    days = [day for _, day in facts]
    cameras = [known_day(time) for day, time in zip(days, taken, strict=True) if not day]
    if pair := two_forms([*days, *cameras]):
        raise InputError(
            f"Days of photographs are written in two forms, such as {pair[0]} and {pair[1]} (in "
            "the column date, else the camera's), so that it is not known which are the same: "
            "write all dates as 2021-04-03 (year-month-day), or set data.fold_by=stratified."
        )


def deal_bursts(bursts: Sequence[str], individual_ids: Sequence[str], folds: int) -> np.ndarray:
    """The fold [n] int64 of each image. No burst is in two folds, and an individual's bursts are
    spread over the folds.

    The largest burst is dealt first. It goes where the fewest images of its individuals are, then
    where the fewest images are. The order of rows does not matter.

    Raises:
        InputError: there are fewer bursts than folds.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for row, burst in enumerate(bursts):
        rows[burst].append(row)
    if len(rows) < folds:
        enough = f"data.folds={len(rows)}" if len(rows) > 1 else "data.fold_by=stratified"
        raise InputError(
            f"{len(bursts)} images in {len(rows)} burst{'s' * (len(rows) > 1)} (an encounter, or "
            f"an individual's day) do not make {folds} folds: set {enough}."
        )
    assigned = np.empty(len(bursts), np.int64)
    held: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(folds, np.int64))
    total = np.zeros(folds, np.int64)
    for burst in sorted(rows, key=lambda name: (-len(rows[name]), name)):
        animals = Counter(individual_ids[row] for row in rows[burst])
        alike = np.sum([held[who] for who in animals], axis=0)
        fold = int(np.lexsort([total, alike])[0])
        assigned[rows[burst]] = fold
        total[fold] += len(rows[burst])
        for who, count in animals.items():
            held[who][fold] += count
    return assigned


def burst_sentence(bursts: Sequence[str], individual_ids: Sequence[str], unknown: int) -> str:
    """A sentence on the bursts of a catalogue: how many there are, which individuals have only one,
    and of how many images (`unknown`) nothing says when they were taken."""
    of: dict[str, set[str]] = defaultdict(set)
    for who, burst in zip(individual_ids, bursts, strict=True):
        of[who].add(burst)
    sizes = Counter(bursts)
    several = sum(count > 1 for count in sizes.values())
    said = [
        f"folds: {len(bursts)} images are {len(sizes)} bursts (an encounter, or an individual's "
        f"day), {several} of them of several images; no burst is in two folds"
    ]
    if once := sum(len(own) == 1 for own in of.values()):
        said.append(f"{once} of {len(of)} individuals {'has' if once == 1 else 'have'} one burst "
                    "only, so no other fold shows them, and they count as new")  # fmt: skip
    if unknown:
        said.append(f"nothing says when {unknown} of the images were taken: each is one by itself")
    return "; ".join(said)


def _labels(catalogue: pd.DataFrame, taken: Sequence[str]) -> list[list[Label]]:
    """The labels of each row; rows that share one were taken together."""
    facts = _facts(catalogue)
    times = taken or [""] * len(facts)
    days = [day or known_day(time) for (_, day), time in zip(facts, times, strict=True)]
    who = list(zip(catalogue["individual_id"], days, strict=True))
    # Two encounters of one day stay two, unless an image of that day may be of either.
    joined = {own for (encounter, _), own in zip(facts, who, strict=True) if not encounter}
    labels: list[list[Label]] = []
    for image, (encounter, _), own in zip(catalogue["image"], facts, who, strict=True):
        labels.append([("photograph", photograph_of(image))])
        if encounter:
            labels[-1].append(("encounter", encounter))
        if own[1] and own in joined:
            labels[-1].append(("day", *own))
    return labels


def _facts(catalogue: pd.DataFrame) -> list[tuple[str, str]]:
    """The encounter and the day of each row, empty where the table does not say."""
    nothing = [""] * len(catalogue)
    encounters = catalogue["encounter"] if "encounter" in catalogue.columns else nothing
    dates = catalogue["date"] if "date" in catalogue.columns else nothing
    pairs = zip(encounters, dates, strict=True)
    return [(encounter.strip(), known_day(date)) for encounter, date in pairs]
