"""Confirmed matches on their way into the catalogue: what a reviewer decided, and what is written.

A catalogue that was to be added to twice, because the first time was stopped half-way, ends as if
it had been added to once: photographs are told apart by their content, not by their name.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animal import photograph_of
from tf_happywhale.catalogue.append import with_rows
from tf_happywhale.catalogue.disk_names import on_disk
from tf_happywhale.catalogue.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.reading import PLAIN, Reading
from tf_happywhale.catalogue.table import read_catalogue, read_text_table
from tf_happywhale.catalogue.text_file import encoding_of_own
from tf_happywhale.errors import InputError
from tf_happywhale.files import atomic_write, sha256, write_bytes

DECISIONS = ("match", "new", "skip")
BOXES_FILE = "boxes.csv"
BOXES = ["image", "source", "xmin", "ymin", "xmax", "ymax", "confidence", "origin"]


@dataclass(frozen=True)
class Confirmed:
    """A photograph of which a person has said who is in it.

    Attributes:
        image: its name in the catalogue to be.
        individual_id: who is in it.
        species: of the individual, empty where unknown.
        encounter: empty where unknown.
        path: the photograph; None where the catalogue has its picture already.
        box: `source xmin ymin xmax ymax`, empty for the whole picture.
        content: SHA-256 of the photograph's bytes.
        key: its name among the photographs identified.
    """

    image: str
    individual_id: str
    species: str
    encounter: str
    path: Path | None
    box: str = ""
    content: str = ""
    key: str = ""


@dataclass(frozen=True)
class Decisions:
    """What a person decided.

    Attributes:
        decided: who is in each image, `new_individual` for one that was given no name; what was
            skipped is left out.
        matched: who of them must be known already, having been matched and not named as new.
        new: who of them may not be known yet, having been named as new.
    """

    decided: dict[str, str]
    matched: set[str]
    new: set[str]


def read_decisions(path: Path, encoding: str | None = None) -> Decisions:
    """The decisions that the pages exported, or a spreadsheet wrote again.

    Args:
        path: a table.
        encoding: `data.encoding`, of one that a spreadsheet wrote as something else than UTF-8.

    Raises:
        InputError: the table lacks a column, says something else than match, new or skip, or
            contradicts itself.
    """
    reading = Reading(encoding_of_own(path, encoding))
    table = read_text_table(path, ("image", "decision", "individual_id"), reading)
    decided: dict[str, str] = {}
    named: dict[str, set[str]] = {decision: set() for decision in DECISIONS}
    for row in table.itertuples():
        at = f"{path} line {row.Index}"
        if row.decision not in DECISIONS:
            raise InputError(
                f"{at} says {row.decision[:80]!r} of {row.image!r}: a decision is one of "
                f"{', '.join(DECISIONS)}."
            )
        who = row.individual_id or NEW_INDIVIDUAL
        if row.decision == "match" and who == NEW_INDIVIDUAL:
            raise InputError(f"{at} matches {row.image!r} with nobody: name the individual.")
        if row.decision == "skip":
            continue
        if decided.setdefault(row.image, who) != who:
            raise InputError(f"{at} decides on {row.image!r} again, differently: keep one row.")
        named[row.decision].add(who)
    new = named["new"] - {NEW_INDIVIDUAL}
    return Decisions(decided, named["match"] - new, new)


def name_new(groups: Sequence[str], known: Collection[str]) -> dict[str, str]:
    """An id for each group of photographs of one new individual: new-0001 and so on, as far as
    nobody has it."""
    free = (f"new-{n:04d}" for n in count(1))
    return {
        group: next(name for name in free if name not in known) for group in dict.fromkeys(groups)
    }


def add_to_catalogue(
    root: Path,
    catalogue: str,
    train_images: str,
    confirmed: Sequence[Confirmed],
    reading: Reading = PLAIN,
) -> int:
    """Copy photographs into a catalogue's folder and add their rows; how many rows were new.

    Pictures and boxes go first and the catalogue's rows last, each file whole, so that a row never
    stands there without its picture.

    Raises:
        InputError: the catalogue has an image as somebody else, or its boxes are in another format,
            or a photograph is another one by now.
    """
    folder = root / train_images
    table = read_catalogue(root / catalogue, reading, folder, must_be_there=False)
    known = dict(zip(table["image"], table["individual_id"], strict=True))
    for one in confirmed:
        if known.get(one.image, one.individual_id) != one.individual_id:
            raise InputError(
                f"{root / catalogue} has {one.image} as {known[one.image]}, but it was decided to "
                f"be {one.individual_id}: change one of them."
            )
    added = [one for one in confirmed if one.image not in known]
    whole = _with_confirmed(root / catalogue, added, reading, folder)
    boxes = _with_boxes(root / BOXES_FILE, confirmed)
    for one in confirmed:
        if one.path is not None:
            _copy(one.path, folder / photograph_of(one.image), one.content)
    if boxes is not None:
        write_bytes(root / BOXES_FILE, boxes)
    if added:
        write_bytes(root / catalogue, whole)
    return len(added)


def boxed_images(root: Path) -> list[str]:
    """The images that a catalogue's table of boxes lists, none without one."""
    path = root / BOXES_FILE
    return list(read_text_table(path, ("image",))["image"]) if path.is_file() else []


def _with_confirmed(
    path: Path, added: Sequence[Confirmed], reading: Reading, folder: Path
) -> bytes:
    """The catalogue's content with rows of theirs."""
    there = read_text_table(path, ("image", "individual_id"), reading)
    names = on_disk(there["image"], folder, path, there.index, must_be_there=False)
    pairs = zip(names, there["individual_id"], strict=True)
    unknown = {image: who for image, who in pairs if reading.leaves_out(who)}
    for one in added:
        if one.image in unknown:
            raise InputError(
                f"{path} has {one.image} as {unknown[one.image]!r}, which data.unknown leaves out, "
                f"but it was decided to be {one.individual_id}: correct that row."
            )
    facts = ("image", "species", "individual_id", "encounter")
    rows = [{name: getattr(one, name) for name in facts} for one in added]
    return with_rows(path, rows, ("image", "individual_id"), reading)


def _with_boxes(path: Path, confirmed: Iterable[Confirmed]) -> bytes | None:
    """The content of the table of boxes with theirs; None where it stays as it is."""
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
    if not path.is_file():
        return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n").encode()
    return with_rows(path, rows, ("image",))


def _copy(source: Path, target: Path, content: str) -> None:
    """Copy a photograph with this SHA-256; what is there is left alone."""
    if target.is_file():
        return
    with atomic_write(target) as temporary:
        shutil.copyfile(source, temporary)
        if sha256(temporary) != content:
            raise InputError(
                f"{source} has become another photograph while it was copied: nothing of it was "
                "kept; add again."
            )
