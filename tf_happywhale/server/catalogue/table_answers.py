"""A brought table, read with a person's answers: its rows, and what is still to be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import animal_key, photograph_of, split_key
from tf_happywhale.catalogue.animals.identities import (
    PLACEHOLDERS,
    as_seen,
    lookalike_warnings,
    shortened_warnings,
)
from tf_happywhale.catalogue.catalogue_table import read_sighted_catalogue
from tf_happywhale.catalogue.photographs.photo_files import list_images
from tf_happywhale.catalogue.tables.numbered_dates import iso_days
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError
from tf_happywhale.server.catalogue.brought_table import (
    DATE_ORDERS,
    NEEDED,
    Answers,
    Question,
    check_columns,
    encoding_question,
    read_brought,
)
from tf_happywhale.server.catalogue.picture_names import matched_names

LEAVE_OUT = "leave_out"
SHOWN = 5  # names


@dataclass
class BroughtRows:
    """What a brought table says with a person's answers.

    Attributes:
        table: the rows as `read_catalogue` gives them, with days in ISO text; without those that
            are left out.
        questions: what is still to be asked.
        remarks: sentences on what may be a typing error.
        left_out: rows of animals that nobody knows.
        missing: photographs that are not there.
    """

    table: pd.DataFrame
    questions: list[Question] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: int = 0
    missing: list[str] = field(default_factory=list)


def read_with_answers(path: Path, answers: Answers, folder: Path | None) -> BroughtRows:
    """Read a brought table.

    Args:
        path: the table.
        answers: what a person says of it; `columns` must be there.
        folder: of the photographs; None: they are not there yet.

    Raises:
        InputError: a row is wrong. The sentence names the line and the fix.
    """
    try:
        return _read(path, answers, folder)
    except InputError as error:
        raise InputError(str(error).replace(str(path), path.name)) from None


def _read(path: Path, answers: Answers, folder: Path | None) -> BroughtRows:
    if answers.encoding is None and (question := encoding_question(path)):
        return BroughtRows(pd.DataFrame(), [question])
    rows = read_brought(path, answers.encoding)
    check_columns(answers.columns or {}, rows)
    reading = answers.reading(rows.header)
    lines = read_text_table(path, (*NEEDED, *reading.columns), reading)
    asked = []
    if answers.unknown is None and (question := _unknown_question(lines["individual_id"])):
        asked.append(question)
        reading = replace(reading, unknown=tuple(question.choices[0][0]))
    table = read_sighted_catalogue(path, reading, folder, must_be_there=False)
    kept = [line for line, who in lines["individual_id"].items() if not reading.leaves_out(who)]
    found = BroughtRows(table, asked, left_out=len(lines) - len(kept))
    if "date" in table.columns:
        names = [f"Line {line} of {path}" for line in kept]
        table["date"], question = _days(list(table["date"]), names, reading)
        asked += [question] if question else []
    ids = table["individual_id"]
    found.remarks = [*lookalike_warnings(ids, path.name), *shortened_warnings(ids, path.name)]
    return found if folder is None else _without_missing(found, folder, answers)


def _unknown_question(ids: pd.Series) -> Question | None:
    """Return the question whether words such as `unknown` are names; None: there are none."""
    counts = Counter(who for who in ids if as_seen(who) in PLACEHOLDERS)
    if not counts:
        return None
    words = sorted(counts)
    shown = ", ".join(f"{word!r} ({counts[word]} rows)" if word else f"empty ({counts['']} rows)"
                      for word in words)  # fmt: skip
    choices = [(words, "Nobody knows these animals: leave the rows out")]
    if all(as_seen(word) for word in words):
        choices.append(([], "Each is the name of one animal"))
    return Question("unknown", f"What do these mean: {shown}?", choices)


def _days(
    cells: Sequence[str], names: Sequence[str], reading: Reading
) -> tuple[list[str], Question | None]:
    """Return dates as ISO text where they name a day, and the question what comes first in them."""
    try:
        return _or_own(cells, iso_days(cells, names, reading.date_order)), None
    except InputError:
        if reading.date_order is not None:
            raise
        two = []
        for order in DATE_ORDERS:
            try:
                two.append(iso_days(cells, names, order))
            except InputError:
                two.append([])
        if not all(two):
            raise
    cell, *days = next(row for row in zip(cells, *two, strict=True) if row[1] != row[2])
    sentence = f"What comes first in dates such as {cell}?"
    return list(cells), Question("date_order", sentence, list(zip(DATE_ORDERS, days, strict=True)))


def _or_own(cells: Sequence[str], days: Sequence[str]) -> list[str]:
    """Return the days, and the own text of a cell that names none, such as a year."""
    return [day or cell for cell, day in zip(cells, days, strict=True)]


def _without_missing(found: BroughtRows, folder: Path, answers: Answers) -> BroughtRows:
    """Return the rows whose photographs are there, and the question about others."""
    images = [photograph_of(key) for key in found.table["image"]]
    there = {image: (folder / image).is_file() for image in dict.fromkeys(images)}
    lacking = [image for image, is_there in there.items() if not is_there]
    means = matched_names(lacking, list_images(folder)) if lacking else {}
    means = {image: file for image, file in means.items() if not there.get(file)}
    if means:
        keys = map(split_key, found.table["image"])
        found.table["image"] = [animal_key(means.get(name, name), n) for name, n in keys]
        images = [means.get(image, image) for image in images]
        there = {means.get(image, image): here or image in means for image, here in there.items()}
    found.missing = [image for image, is_there in there.items() if not is_there]
    if not found.missing:
        return found
    if len(found.missing) == len(there):
        raise InputError(
            f"None of the table's {len(there)} photographs is there, such as "
            f"{found.missing[0][:80]!r}: bring these photographs, or choose another column for the "
            "photographs' names."
        )
    if answers.missing == LEAVE_OUT:
        kept = [there[image] for image in images]
        found.table = found.table[kept].reset_index(drop=True)
        return found
    names = ", ".join(found.missing[:SHOWN])
    more = ", …" if len(found.missing) > SHOWN else ""
    found.questions.append(
        Question(
            "missing",
            f"{len(found.missing)} of {len(there)} photographs are not there: {names}{more}. Bring "
            "them too, or leave their rows out?",
            [(LEAVE_OUT, "Leave their rows out")],
        )
    )
    return found
