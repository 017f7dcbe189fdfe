"""Reading a table of any kind: every column is text, and columns get our names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import get_args

import pandas as pd

from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.rows import Rows, read_rows
from tf_happywhale.catalogue.tables.spreadsheet import is_spreadsheet, read_sheet
from tf_happywhale.catalogue.tables.text_file import decode_table
from tf_happywhale.config import TableColumn
from tf_happywhale.disk.files import shown
from tf_happywhale.errors import InputError

TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")
NAMEABLE = get_args(TableColumn)  # what data.columns may name
ID_COLUMNS = {"image", "filename", "individual_id", "encounter"}  # text: each digit counts


def read_text_table(path: Path, columns: Collection[str], reading: Reading = PLAIN) -> pd.DataFrame:
    """Read a table as text: `09913`, `1e10`, `NA` and the empty cell stay as they are.

    A byte order mark decides the encoding, and the header decides what separates the cells. An
    .xlsx file is known by its content. Rows without any text and lines above the header are left
    out. Cells of white space alone say nothing of a photograph: they are empty in its facts and its
    species. The last cells of a row may be missing if they are not wanted. The wanted `columns` are
    found in upper and lower case; other columns keep their own names, in lower case. Columns
    without a name are left out.

    Returns:
        The rows; their index is the line numbers of the file.

    Raises:
        InputError: the file is missing, has rows that do not fit its header, can be read in two
            ways, or lacks one of `columns`. It names the line, what was seen, and the fix.
    """
    path = Path(path)
    rows = read_rows_of(path, columns, reading)
    places = column_places(reading.read_of(rows.header), columns, reading.columns, path)
    missing = [column for column in columns if column not in places]
    if missing:
        mapped = reading.columns
        nameable = [name for name in missing if name in NAMEABLE]
        calls = ", ".join(f"{name}: NAME" for name in nameable)
        remedy = "Add the column."
        if nameable:
            one = len(nameable) == 1
            other = "it has another name" if one else "they have other names"
            remedy = f"If {other} there, set data.columns='{{{calls}}}'."
        lacking = [f"{mapped[name]} for {name}" if name in mapped else name for name in missing]
        columns_lacking = "column" if len(lacking) == 1 else "columns"
        raise InputError(
            f"{path} lacks the {columns_lacking} {', '.join(lacking)}: its header is "
            f"{','.join(rows.header)[:80]!r}. {remedy}"
        )
    order = sorted(places.items(), key=lambda item: item[1])
    cells = {name: [row[place] for row in rows.cells] for name, place in order}
    cells |= {name: _without_blanks(cells[name]) for name in (*FACTS, "species") if name in cells}
    return pd.DataFrame(cells, index=pd.Index(rows.lines, name="line", dtype=int), dtype=object)


def _without_blanks(cells: list[str]) -> list[str]:
    """The cells, empty in place of white space."""
    blank = {cell for cell in set(cells) if cell.isspace()}
    return ["" if cell in blank else cell for cell in cells] if blank else cells


def read_rows_of(path: Path, columns: Collection[str], reading: Reading) -> Rows:
    """The rows of a text table or Excel sheet, with the cells unchanged.

    Raises:
        InputError: see `read_text_table`.
    """
    if not path.is_file():
        others = ", ".join(tables_in(path.parent))[:80]
        there = f"; there are {others}" if others else ""
        remedy = "check the folder and the name"
        if "individual_id" in columns:
            remedy = "set data.root to the folder of your catalogue, or data.catalogue to its table"
        raise InputError(f"There is no file {path}{there}: {remedy}.")

    def fits(header: Sequence[str]) -> int:
        found = _places(reading.read_of(header), mapped)
        if not all(column in found for column in columns):
            return 0
        wanted = [at for name in columns or found for at in found[name]]
        return 1 + max(wanted, default=-1)

    def is_id(header: str) -> bool:
        return bool(_places(reading.read_of([header]), mapped).keys() & ID_COLUMNS)

    mapped = reading.columns
    raw = path.read_bytes()
    if is_spreadsheet(raw, path):
        return read_sheet(path, fits, is_id)
    return read_rows(decode_table(raw, path, reading.encoding)[0], path, fits)


def tables_in(folder: Path) -> list[str]:
    """Names of the files in a folder whose ending is one of a table."""
    files = shown(folder.glob("*")) if folder.is_dir() else ()
    return sorted(file.name for file in files if file.suffix.lower() in TABLE_ENDINGS)


def column_places(
    header: Sequence[str], columns: Collection[str], mapped: Mapping[str, str], path: Path
) -> dict[str, int]:
    """The place of each column in a header, by our name.

    Args:
        header: names as in the file.
        columns: those that are wanted.
        mapped: what the file calls our columns.
        path: the file, for errors.

    Raises:
        InputError: a name is there twice, or two columns may be the wanted one, or may be one that
            says something of a photograph: nobody can tell which of them counts.
    """
    names = [name for name in header if name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path} has the column {twice[:80]!r} twice: rename one of them.")
    found = _places(header, mapped)
    for name in (*columns, *mapped, *NAMEABLE):
        if len(found.get(name, ())) > 1:
            both = " and ".join(repr(header[place]) for place in found[name])
            raise InputError(
                f"{path} has the columns {both}, and each may be {name}: rename one of them."
            )
    places = {name: at[0] for name, at in found.items() if len(at) == 1}
    return places | {header[at]: at for many in found.values() if len(many) > 1 for at in many}


def _places(header: Sequence[str], mapped: Mapping[str, str]) -> dict[str, list[int]]:
    """The places of each column, by our name or by its own name in lower case."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        if name.strip():
            places.setdefault(name.strip().lower(), []).append(place)
    renamed = {}
    for ours, theirs in mapped.items():
        exact = [place for place, name in enumerate(header) if name.strip() == theirs.strip()]
        there = exact or places.get(theirs.strip().lower(), [])
        if there:
            renamed[ours] = there
    taken = [place for there in renamed.values() for place in there]
    own = {name: [p for p in there if p not in taken] for name, there in places.items()}
    return {name: there for name, there in own.items() if there and name not in renamed} | renamed
