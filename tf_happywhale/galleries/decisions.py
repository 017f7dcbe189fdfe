"""Confirmed matches on their way into the catalogue: what a reviewer decided, and what is written.

A catalogue that was to be added to twice, because the first time was stopped half-way, ends as if
it had been added to once: photographs are told apart by their content, not by their name.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import (
    BOX_NUMBER,
    animal_words,
    count_animals,
    keys_from_columns,
    photograph_of,
    split_key,
)
from tf_happywhale.catalogue.animals.identities import as_seen, check_identity
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.boxes.box import RelativeBox, pixels_touched
from tf_happywhale.catalogue.boxes.box_rows import MANUAL, is_manual, number_or
from tf_happywhale.catalogue.boxes.box_text import box_text, parse_box
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.photographs.disk_names import names_on_disk
from tf_happywhale.catalogue.photographs.known_names import names_as_listed
from tf_happywhale.catalogue.tables.append import table_with_rows
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.catalogue.tables.text_file import encoding_of_own
from tf_happywhale.disk.files import atomic_write, write_bytes
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.known_animals import same_box

DECISIONS = ("match", "new", "skip")
BOXES_FILE = "boxes.csv"
BOXES = ["image", "source", "xmin", "ymin", "xmax", "ymax", "confidence", "origin"]


@dataclass(frozen=True)
class Confirmed:
    """An animal in a photograph that a person has named.

    Attributes:
        image: the key that the animal gets in the catalogue.
        individual_id: who is in it.
        species: of the individual, empty where unknown.
        encounter: empty where unknown.
        path: the photograph; None if the catalogue has its picture already.
        box: `source xmin ymin xmax ymax`, empty for the whole picture.
        content: SHA-256 of the photograph's bytes.
        key: its key among those identified.
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
        decided: who each animal is, by its key; `new_individual` for one without a name. What was
            skipped is left out.
        matched: the individuals that must be known already, since animals were matched with them.
        new: the individuals that must not be known yet, since they were named as new.
    """

    decided: dict[str, str]
    matched: set[str]
    new: set[str]


def read_decisions(
    path: Path, encoding: str | None = None, images: Iterable[str] = ()
) -> Decisions:
    """The decisions that the pages exported, also if a spreadsheet has saved them since.

    Args:
        path: a table.
        encoding: `data.encoding`, for a table that a spreadsheet did not save as UTF-8.
        images: keys of the animals identified; the decisions get these keys.

    Raises:
        InputError: the table lacks a column, says something else than match, new or skip, or
            contradicts itself.
    """
    table = _decisions(path, encoding, images)
    decided: dict[str, str] = {}
    every: dict[str, str] = {}  # also what was skipped, as nobody
    named: dict[str, set[str]] = {decision: set() for decision in DECISIONS}
    for row in table.itertuples():
        at = f"{path} line {row.Index}"
        if row.decision not in DECISIONS:
            raise InputError(
                f"{at} says {row.decision[:80]!r} of {row.image!r}: a decision is one of "
                f"{', '.join(DECISIONS)}."
            )
        who = row.individual_id if as_seen(row.individual_id) else NEW_INDIVIDUAL
        if row.decision == "match" and who == NEW_INDIVIDUAL:
            raise InputError(f"{at} matches {row.image!r} with nobody: name the individual.")
        said = "" if row.decision == "skip" else who
        if every.setdefault(row.image, said) != said:
            raise InputError(f"{at} decides on {row.image!r} again, differently: keep one row.")
        if row.decision == "skip":
            continue
        if who != NEW_INDIVIDUAL:
            check_identity(who, at)
        decided[row.image] = who
        named[row.decision].add(who)
    new = named["new"] - {NEW_INDIVIDUAL}
    return Decisions(decided, named["match"] - new, new)


def check_identified(
    path: Path,
    boxes: Mapping[str, str],
    contents: Mapping[str, str],
    encoding: str | None = None,
) -> None:
    """Refuse decisions about another photograph, or another box, than the one that was identified.

    Args:
        path: the table of decisions; in older versions it names no number, box or content.
        boxes: of the animals identified, by key.
        contents: as the pages export them, by key.
        encoding: see `read_decisions`.

    Raises:
        InputError: the decisions were made on pages of other photographs that are called alike, or
            the photographs were identified again with other boxes since, or the table does not
            say which of a photograph's animals it means.
    """
    table = _decisions(path, encoding, boxes)
    counts = count_animals(boxes)
    for row in table[table["decision"] != "skip"].to_dict("records"):
        photograph, _ = split_key(row["image"])
        count = counts[photograph]
        if BOX_NUMBER not in table.columns and count > 1:
            raise InputError(
                f"{path} does not say which of the {count} animals of {photograph} was decided on: "
                f"export it again from the pages, or add the column {BOX_NUMBER}."
            )
        known = boxes.get(row["image"])
        if row.get("content") and row["content"] != contents.get(row["image"], row["content"]):
            raise InputError(
                f"{path} is about another {photograph} than the one that was identified: "
                "set output=DIR to the folder whose pages the decisions are from."
            )
        if known is not None and row.get("box", known) != known:
            said = row["box"][:80] or "the whole picture"
            raise InputError(
                f"{path} is about {said!r} of {animal_words(row['image'], counts)}, but since then "
                f"{known or 'the whole picture'!r} was identified: decide on the present pages."
            )


def _decisions(path: Path, encoding: str | None, images: Iterable[str]) -> pd.DataFrame:
    """The table of decisions, with keys of animals in place of images' names. Names that a
    spreadsheet or another computer has changed become those of `images`."""
    reading = Reading(encoding_of_own(path, encoding))
    table = read_text_table(path, ("image", "decision", "individual_id"), reading)
    numbers = list(table[BOX_NUMBER]) if BOX_NUMBER in table.columns else None
    table["image"] = keys_from_columns(list(table["image"]), numbers, str(path), table.index)
    photographs = dict.fromkeys(map(photograph_of, images))
    table["image"] = names_as_listed(table["image"], photographs, path, "among those identified")
    return table


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
            or a photograph was replaced by another one.
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
    boxes = _with_boxes(root / BOXES_FILE, confirmed, reading)
    for one in confirmed:
        if one.path is not None:
            _copy(one.path, folder / photograph_of(one.image), one.content)
    if boxes is not None:
        write_bytes(root / BOXES_FILE, boxes)
    if added:
        write_bytes(root / catalogue, whole)
    return len(added)


def boxed_images(root: Path, reading: Reading = PLAIN) -> list[str]:
    """The images that a catalogue's table of boxes lists; empty without such a table."""
    path = root / BOXES_FILE
    return list(read_text_table(path, ("image",), reading)["image"]) if path.is_file() else []


def _with_confirmed(
    path: Path, added: Sequence[Confirmed], reading: Reading, folder: Path
) -> bytes:
    """The catalogue's content with rows of theirs."""
    there = read_text_table(path, ("image", "individual_id"), reading)
    numbers = list(there[BOX_NUMBER]) if BOX_NUMBER in there.columns else None
    keys = keys_from_columns(list(there["image"]), numbers, str(path), there.index)
    names = names_on_disk(keys, folder, path, there.index, must_be_there=False)
    pairs = zip(names, there["individual_id"], strict=True)
    unknown = {image: who for image, who in pairs if reading.leaves_out(who)}
    for one in added:
        if one.image in unknown:
            raise InputError(
                f"{path} has {one.image} as {unknown[one.image]!r}, which data.unknown leaves out, "
                f"but it was decided to be {one.individual_id}: correct that row."
            )
    facts = ("species", "individual_id", "encounter")
    rows = [{name: getattr(one, name) for name in facts} | _image_cells(one) for one in added]
    return table_with_rows(path, rows, ("image", "individual_id"), reading, _new_columns(rows))


def _image_cells(one: Confirmed) -> dict[str, str]:
    """The cells of the columns image and box_number."""
    image, which = split_key(one.image)
    return {"image": image, BOX_NUMBER: str(which)}


def _new_columns(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """The number is written where it is needed: elsewhere it is 1."""
    return [BOX_NUMBER] if any(row[BOX_NUMBER] != "1" for row in rows) else []


def numbered_boxes(root: Path, reading: Reading = PLAIN) -> list[tuple[str, str]]:
    """The keys that a catalogue's table of boxes gives by number, each with its box as text."""
    path = root / BOXES_FILE
    table = read_text_table(path, ("image",), reading) if path.is_file() else pd.DataFrame()
    if not {*BOXES[:6], BOX_NUMBER} <= set(table.columns):
        return []
    keys = keys_from_columns(list(table["image"]), list(table[BOX_NUMBER]), str(path), table.index)
    rows = zip(keys, table.to_dict("records"), strict=True)
    return [(key, _row_box(row)) for key, row in rows if row[BOX_NUMBER].strip() and _row_box(row)]


def _with_boxes(path: Path, confirmed: Iterable[Confirmed], reading: Reading) -> bytes | None:
    """The content of the table of boxes with theirs; None if the table stays as it is.

    A row that is there already is not written again, such as one of a photograph to identify. If it
    could be mistaken for another row, it is written once more with its animal's number.
    """
    there = path.is_file()
    own = read_text_table(path, ("image",), reading) if there else pd.DataFrame(columns=BOXES)
    pixels = set(BOXES[:6]) <= set(own.columns) and not _has_shares(path, reading)
    of: dict[str, list[dict[str, str]]] = {}
    for row in own.to_dict("records"):
        of.setdefault(row["image"], []).append(row)
    rows = []
    for one in confirmed:
        cells, (source, _) = _image_cells(one), parse_box(one.box) if one.box else ("", None)
        there = of.get(cells["image"], [])
        if not one.box or (there and cells[BOX_NUMBER] == "1" and not pixels):
            continue
        alike = [row for row in there if pixels and row["source"] in (source, "")]
        its = [row for row in alike if same_box(_row_box(row, source), one.box)]
        numbers = [row.get(BOX_NUMBER, "").strip() for row in its]
        sole = len(alike) == 1 and cells[BOX_NUMBER] == "1" and "" in numbers
        if cells[BOX_NUMBER] not in numbers and not sole:
            manual = any(is_manual(row.get("origin", "")) for row in its)
            box = dict(zip(BOXES[1:6], (source, *one.box.rsplit(" ", 4)[1:]), strict=True))
            about = {"confidence": "1", "origin": MANUAL if manual else "import"}
            rows.append({**box, **about, **cells, "alike": str(len(alike))})
    if not rows:
        return None
    if not pixels:
        raise InputError(
            f"{path} has the columns {','.join(own.columns)[:80]}, or boxes in shares of the "
            f"picture, to which boxes cannot be added: convert it to {','.join(BOXES)}."
        )
    among = any(row["alike"] != "0" for row in rows)
    new_columns = [BOX_NUMBER] if among else _new_columns(rows)
    if not path.is_file():
        names = [*BOXES, *new_columns]
        return pd.DataFrame(rows)[names].to_csv(index=False, lineterminator="\n").encode()
    return table_with_rows(path, rows, ("image",), reading, new_columns)


def _has_shares(path: Path, reading: Reading) -> bool:
    """Whether a table gives boxes in shares of the picture: pixels among them would be refused."""
    if not path.is_file():
        return False
    boxes = [row.box for row in read_box_rows(path, reading)]
    return any(isinstance(box, RelativeBox) and box.drawn_on is None for box in boxes)


def _row_box(row: Mapping[str, str], source: str = "") -> str:
    """The box of a row in pixels as text; empty if it has none."""
    box = pixels_touched(*(number_or(row[corner], math.nan) for corner in BOXES[2:6]))
    return box_text(row["source"] or source, box) if box else ""


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
