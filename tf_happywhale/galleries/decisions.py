"""The table of decisions that the pages export, read and compared with what was identified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
from tf_happywhale.catalogue.photographs.known_names import names_as_listed
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.catalogue.tables.text_file import encoding_of_own
from tf_happywhale.errors import InputError

DECISIONS = ("match", "new", "skip")


@dataclass(frozen=True)
class Decisions:
    """Decisions of a person.

    Attributes:
        decided: individual_id by key; `new_individual` for one without a name. Skipped animals are
            left out.
        matched: the individuals that animals were matched with, which must be known already.
        new: the individuals that were named as new, which must not be known yet.
    """

    decided: dict[str, str]
    matched: set[str]
    new: set[str]


def read_decisions(
    path: Path, encoding: str | None = None, images: Iterable[str] = ()
) -> Decisions:
    """Return the decisions that the pages exported. A spreadsheet may have saved them since.

    Args:
        path: a table.
        encoding: `data.encoding`, for a table that a spreadsheet did not save as UTF-8.
        images: keys of the animals identified, which the decisions get.

    Raises:
        InputError: the table lacks a column, has a decision other than match, new or skip, or
            contradicts itself.
    """
    table = _decisions(path, encoding, images)
    decided: dict[str, str] = {}
    every: dict[str, str] = {}  # with the skipped animals, as empty text
    named: dict[str, set[str]] = {decision: set() for decision in DECISIONS}
    for row in table.itertuples():
        at = f"Line {row.Index} of {path}"
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
    """Refuse decisions about another photograph or another box than the one that was identified.

    Args:
        path: the table of decisions. Those of older versions name no number, box or content.
        boxes: of the animals identified, by key.
        contents: of their photographs, as the pages export them, by key.
        encoding: see `read_decisions`.

    Raises:
        InputError: the decisions were made on pages of other photographs with the same names, the
            photographs were identified again with other boxes since, or the table does not say
            which animal of a photograph it means.
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
    """Return the table of decisions, with keys of animals as `image`. Names that a spreadsheet or
    another computer has changed are corrected by those of `images`."""
    reading = Reading(encoding_of_own(path, encoding))
    table = read_text_table(path, ("image", "decision", "individual_id"), reading)
    numbers = list(table[BOX_NUMBER]) if BOX_NUMBER in table.columns else None
    table["image"] = keys_from_columns(list(table["image"]), numbers, str(path), table.index)
    photographs = dict.fromkeys(map(photograph_of, images))
    table["image"] = names_as_listed(table["image"], photographs, path, "among those identified")
    return table
