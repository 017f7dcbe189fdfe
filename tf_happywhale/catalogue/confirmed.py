"""Confirmed matches on their way into the catalogue: what a reviewer decided, and what is written.

A catalogue that was to be added to twice, because the first time was stopped half-way, ends as if
it had been added to once: photographs are told apart by their content, not by their name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath

import pandas as pd

from tf_happywhale.catalogue.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.table import read_catalogue, read_text_table
from tf_happywhale.errors import InputError
from tf_happywhale.files import atomic_write, sha256, write_csv

DECISIONS = ("match", "new", "skip")
BOXES = ["image", "source", "xmin", "ymin", "xmax", "ymax", "confidence", "origin"]


@dataclass(frozen=True)
class Confirmed:
    """A photograph of which a person has said who is in it.

    Attributes:
        image: its name in the catalogue to be.
        individual_id: who is in it.
        species: of the individual, empty where unknown.
        encounter: empty where unknown.
        path: the photograph.
        box: `source xmin ymin xmax ymax`, empty for the whole picture.
    """

    image: str
    individual_id: str
    species: str
    encounter: str
    path: Path
    box: str = ""


def read_decisions(path: Path) -> tuple[dict[str, str], set[str]]:
    """Who is in each decided image, `new_individual` for one that was given no name, less what was
    skipped; and who of them must be known already, having been matched and not named as new.

    Raises:
        InputError: the table lacks a column, says something else than match, new or skip, or
            contradicts itself.
    """
    table = read_text_table(path, ("image", "decision", "individual_id"))
    decided: dict[str, str] = {}
    named: dict[str, set[str]] = {decision: set() for decision in DECISIONS}
    for row in table.itertuples(index=False):
        if row.decision not in DECISIONS:
            raise InputError(
                f"{path} says {row.decision!r} of {row.image!r}: a decision is one of "
                f"{', '.join(DECISIONS)}."
            )
        who = row.individual_id or NEW_INDIVIDUAL
        if row.decision == "match" and who == NEW_INDIVIDUAL:
            raise InputError(f"{path} matches {row.image!r} with nobody: name the individual.")
        if row.decision == "skip":
            continue
        if decided.setdefault(row.image, who) != who:
            raise InputError(f"{path} decides on {row.image!r} twice, differently: keep one row.")
        named[row.decision].add(who)
    return decided, named["match"] - named["new"]


def name_new(groups: Sequence[str], known: Collection[str]) -> dict[str, str]:
    """An id for each group of photographs of one new individual: new-0001 and so on, as far as
    nobody has it."""
    free = (f"new-{n:04d}" for n in count(1))
    return {
        group: next(name for name in free if name not in known) for group in dict.fromkeys(groups)
    }


def place_for(image: str, content: str, content_of: Callable[[str], str | None]) -> str:
    """The name under which a photograph goes into a catalogue: its own, with a part of its
    content's hash where another picture has it.

    Args:
        image: its name.
        content: SHA-256 of its bytes.
        content_of: the same of what is there under a name; None where there is nothing.
    """
    pure = PurePosixPath(image)
    for name in (image, str(pure.with_name(f"{pure.stem}-{content[:8]}{pure.suffix}"))):
        if content_of(name) in (None, content):
            return name
    raise InputError(f"{image} cannot be named apart from what is there: rename the file.")


def add_to_catalogue(
    root: Path, catalogue: str, train_images: str, confirmed: Sequence[Confirmed]
) -> int:
    """Copy photographs into a catalogue's folder and add their rows; how many rows were new.

    Pictures and boxes go first and the catalogue's rows last, each file whole, so that a row never
    stands there without its picture.

    Raises:
        InputError: the catalogue has an image as somebody else, or its boxes are in another format.
    """
    table = read_catalogue(root / catalogue)
    known = dict(zip(table["image"], table["individual_id"], strict=True))
    for one in confirmed:
        if known.get(one.image, one.individual_id) != one.individual_id:
            raise InputError(
                f"{root / catalogue} has {one.image} as {known[one.image]}, but it was decided to "
                f"be {one.individual_id}: change one of them."
            )
    boxes = _with_boxes(root / "boxes.csv", confirmed)
    for one in confirmed:
        _copy(one.path, root / train_images / one.image)
    if boxes is not None:
        write_csv(root / "boxes.csv", boxes)
    added = [one for one in confirmed if one.image not in known]
    if added:
        own = read_text_table(root / catalogue, ("image", "individual_id"))
        facts = ("image", "species", "individual_id", "encounter")
        rows = [
            {name: getattr(one, name) if name in facts else "" for name in own.columns}
            for one in added
        ]
        write_csv(root / catalogue, pd.concat([own, pd.DataFrame(rows)], ignore_index=True))
    return len(added)


def content_in(folder: Path) -> Callable[[str], str | None]:
    """A function from a name to the SHA-256 of that file in the folder, None without one."""
    return lambda name: sha256(folder / name) if (folder / name).is_file() else None


def _with_boxes(path: Path, confirmed: Iterable[Confirmed]) -> pd.DataFrame | None:
    """The table of boxes with theirs; None where it stays as it is."""
    own = read_text_table(path, ("image",)) if path.is_file() else pd.DataFrame(columns=BOXES)
    there = set(own["image"])
    rows = [
        dict(zip(BOXES, (one.image, *one.box.rsplit(" ", 4), "1", "import"), strict=True))
        for one in confirmed
        if one.box and one.image not in there
    ]
    if not rows:
        return None
    if not set(BOXES[:6]) <= set(own.columns):
        raise InputError(
            f"{path} has the columns {','.join(own.columns)}, to which boxes cannot be added: "
            f"convert it to {','.join(BOXES)}."
        )
    added = pd.DataFrame(rows).reindex(columns=own.columns, fill_value="")
    return pd.concat([own, added], ignore_index=True)


def _copy(source: Path, target: Path) -> None:
    if target.is_file() or os.path.abspath(source) == os.path.abspath(target):
        return
    with atomic_write(target) as temporary:
        shutil.copyfile(source, temporary)
