"""A table that a person brings: what is in it, and what must be asked before it can be read.

It is read by the same functions as every table, so what is shown is what is read. What can be read
in two ways is a question with its answers; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER
from tf_happywhale.catalogue.photographs.photo_files import IMAGE_ENDINGS
from tf_happywhale.catalogue.tables.header import SEPARATORS, TITLES
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.catalogue.tables.rows import Rows
from tf_happywhale.catalogue.tables.spreadsheet import is_spreadsheet
from tf_happywhale.catalogue.tables.table import NAMEABLE, read_rows_of
from tf_happywhale.catalogue.tables.text_file import byte_order_mark
from tf_happywhale.errors import InputError

OURS = (*NAMEABLE[:1], BOX_NUMBER, *NAMEABLE[1:])  # columns that a table can have
NEEDED = ("image", "individual_id")
SHOWN = 8  # rows
MOST_COLUMNS = 1000  # more than a person looks at
ENCODINGS = ("cp1252", "cp1250", "mac_roman", "latin-1")
WIDE = ("utf-16-le", "utf-16-be")
DATE_ORDERS = ("day_first", "month_first")


@dataclass(frozen=True)
class Answers:
    """What a person says of a table.

    Attributes:
        columns: what the table calls our columns; None: it was not said yet.
        encoding: of a text table without a byte order mark.
        date_order: what comes first in dates such as 3/4/2021.
        unknown: ids which mean that nobody knows the animal.
        missing: `leave_out`: rows whose photograph is not there.
    """

    columns: Mapping[str, str] | None = None
    encoding: str | None = None
    date_order: str | None = None
    unknown: Sequence[str] | None = None
    missing: str | None = None

    def reading(self, header: Sequence[str]) -> Reading:
        """Return how the table is read. A column that has one of our names, and was not chosen, is
        not read."""
        columns = dict(self.columns or {})
        chosen = {name.strip() for name in columns.values()}
        names = {name.strip() for name in header}
        ignored = {name for name in names - chosen if name.lower() in OURS}
        return Reading(
            self.encoding,
            columns,
            tuple(self.unknown or ()),
            date_order=self.date_order,
            ignored=frozenset(ignored),
        )


@dataclass(frozen=True)
class Question:
    """Something that only the person knows.

    Attributes:
        setting: the field of `Answers`.
        sentence: the question.
        choices: possible answers, each with a text that shows what it means.
    """

    setting: str
    sentence: str
    choices: Sequence[tuple[Any, str]] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        """Return it for the page."""
        choices = [{"value": value, "shown": shown} for value, shown in self.choices]
        return {"setting": self.setting, "sentence": self.sentence, "choices": choices}


def encoding_question(path: Path) -> Question | None:
    """Return the question in which encoding a table is; None if the file says it."""
    raw = path.read_bytes()
    if byte_order_mark(raw) or is_spreadsheet(raw, path):
        return None
    zero = b"\0" in raw
    line = _odd_line(raw) if not zero else b""
    if not zero and line is None:
        return None
    choices, seen = [], set()
    for encoding in WIDE if zero else ENCODINGS:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        shown = (text.splitlines() or [""])[0] if zero else line.decode(encoding)
        if shown not in seen and _is_text(text):
            seen.add(shown)
            choices.append((encoding, shown.strip()[:80]))
    if not choices:
        raise InputError(f"{path.name} is no text table: save it as `CSV UTF-8` or as .xlsx.")
    return Question("encoding", "Which of these is written correctly?", choices)


def read_brought(path: Path, encoding: str | None) -> Rows:
    """Return the header and the cells of a table. A header that has `image` and `individual_id` is
    found below titles; another one is in the first line.

    Raises:
        InputError: the table cannot be read, has too many columns, or its header can be read in
            two ways.
    """
    _check_width(path)
    reading = Reading(encoding)
    try:
        rows = read_rows_of(path, NEEDED, reading)
        if {name.lower() for name in rows.header} >= set(NEEDED):
            return rows
    except InputError:
        pass  # the next reading says what is wrong, without asking for columns
    return read_rows_of(path, (), reading)


def sure_columns(rows: Rows) -> dict[str, str]:
    """Return what the table surely calls our columns: the same name in any case, and for `image`
    the only column whose cells all end like photographs."""
    plain = [name.strip().lower() for name in rows.header]
    sure = {ours: rows.header[plain.index(ours)] for ours in OURS if plain.count(ours) == 1}
    if "image" not in sure and rows.cells:
        like = [n for n, name in enumerate(plain) if name and _are_pictures(rows.cells, n)]
        if len(like) == 1:
            sure = {"image": rows.header[like[0]]} | sure
    return sure


def preview(rows: Rows) -> dict[str, Any]:
    """Return the columns, the first rows, and how many there are."""
    return {
        "columns": rows.header,
        "rows": [list(row) for row in rows.cells[:SHOWN]],
        "count": len(rows.cells),
        "guess": sure_columns(rows),
        "names": list(OURS),
    }


def check_columns(columns: Mapping[str, str], rows: Rows) -> None:
    """Raise InputError if a mapping of columns names what is not there, or one column twice."""
    for ours, theirs in columns.items():
        if ours not in OURS:
            raise InputError(f"{ours[:40]!r} is no column that can be chosen: {', '.join(OURS)}.")
        if theirs.strip() not in rows.header:
            raise InputError(f"The table has no column {theirs[:80]!r}: choose one of its columns.")
    taken = [theirs.strip() for theirs in columns.values()]
    twice = next((name for name in taken if taken.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"The column {twice[:80]!r} is chosen twice: choose it once.")
    lacking = [name for name in NEEDED if name not in columns]
    if lacking:
        raise InputError(f"Say which column is {' and which is '.join(lacking)}.")


def _check_width(path: Path) -> None:
    """Raise InputError if one of the first lines has more cells than a person looks at."""
    with path.open("rb") as file:
        first = file.read(2**20)
    lines = [] if is_spreadsheet(first, path) else first.splitlines()[:TITLES]
    cells = max((line.count(sign.encode()) for line in lines for sign in SEPARATORS), default=0)
    if cells > MOST_COLUMNS:
        raise InputError(
            f"The table has more than {MOST_COLUMNS:,} columns: save those that are needed."
        )


def _odd_line(raw: bytes) -> bytes | None:
    """Return the first line that is not UTF-8; None if all of it is."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        begin = max(raw.rfind(b"\n", 0, error.start), raw.rfind(b"\r", 0, error.start)) + 1
        return raw[begin : begin + 400].splitlines()[0]
    return None


def _is_text(text: str) -> bool:
    return not any(ord(letter) < 32 and letter not in "\t\r\n\f" for letter in text[:4000])


def _are_pictures(cells: Sequence[Sequence[str]], column: int) -> bool:
    return all(PurePosixPath(row[column].strip()).suffix.lower() in IMAGE_ENDINGS for row in cells)
