"""Excel sheets as tables of text."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError

WANTED = ("image", "individual_id")
CELLS = st.sampled_from(["09913", "NA", "1e10", "Zoë", "=x", "a;b,c", "two\nlines", "1,5", " x"])


def sheet(path: Path, *rows: tuple, title: str = "Sheet", formats: str = "General") -> Path:
    book = openpyxl.load_workbook(path) if path.is_file() else openpyxl.Workbook()
    page = book.create_sheet(title) if path.is_file() else book.active
    page.title = title
    for row in rows:
        page.append(row)
    for row in page.iter_rows(min_row=2):
        for cell in row:
            cell.number_format = formats if isinstance(cell.value, int) else cell.number_format
    book.save(path)
    return path


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4))
def test_text_that_pandas_wrote_is_read_as_it_was(rows, tmp_path_factory) -> None:
    file = tmp_path_factory.getbasetemp() / "table.xlsx"
    table = pd.DataFrame(rows, columns=["image", "Individual_ID", "note"], dtype=object)
    with pd.ExcelWriter(file, engine="openpyxl") as writer:
        table.to_excel(writer, index=False)
        for row in writer.book.active.iter_rows():
            for cell in row:
                cell.data_type = "s"  # `=x` is text here, not a formula
    assert read_text_table(file, WANTED).to_numpy().tolist() == [list(row) for row in rows]


def test_rows_have_the_numbers_of_the_sheet_and_cells_their_text(tmp_path: Path) -> None:
    file = sheet(
        tmp_path / "katalog.csv.xlsx",
        ("Seals of 2015",),
        (),
        ("Image", " INDIVIDUAL_ID", "Date", "seen", "Size", "count", "sure"),
        ("a.jpg", "09913", datetime.date(2015, 6, 2), datetime.time(9, 5), 1.5, 3.0, True),
        (),
        ("b.jpg", "Zoë", datetime.datetime(2015, 6, 2, 9, 5), None, 2, None, "x"),
    )
    table = read_text_table(file, WANTED)
    assert list(table.index) == [4, 6]
    assert list(table.columns) == [
        "image", "individual_id", "date", "seen", "size", "count", "sure",
    ]  # fmt: skip
    assert table.to_numpy().tolist() == [
        ["a.jpg", "09913", "2015-06-02", "09:05:00", "1.5", "3", "TRUE"],
        ["b.jpg", "Zoë", "2015-06-02 09:05:00", "", "2", "", "x"],
    ]


@pytest.mark.parametrize(
    ("cell", "formats", "said"),
    [
        (
            9913,
            "00000",
            r"B3 is a number where an id is meant, 9913 or 09913: format the column as",
        ),
        (9913, "General", r"B3 is a number where an id is meant, 9913 or 09913"),
        (7, '"ID"000', r"B3 is a number where an id is meant, 7 or ID007"),
        (1e10, "0.00E+00", r"B3 is a number where an id is meant, 10000000000 or "),
        (1.5, "General", r"B3 is a number where an id is meant, 1\.5 or 1\.50"),
        (datetime.date(2015, 3, 1), "General", r"B3 is the date 2015-03-01 where an id is meant"),
        (True, "General", r"B3 is the value TRUE where an id is meant"),
        ("=1+1", "General", r"B3 is a formula without its result: open the file"),
    ],
)
def test_an_id_that_excel_may_have_changed_is_named_by_its_cell(
    tmp_path: Path, cell: object, formats: str, said: str
) -> None:
    file = sheet(
        tmp_path / "t.xlsx", ("image", "ID"), ("a.jpg", "1"), ("b.jpg", cell), formats=formats
    )
    mapped = Reading(columns={"individual_id": "id"})
    with pytest.raises(InputError, match=rf"t\.xlsx {said}") as caught:
        read_text_table(file, WANTED, mapped)
    assert "\n" not in str(caught.value)


def test_the_only_sheet_with_the_columns_is_read(tmp_path: Path) -> None:
    file = sheet(tmp_path / "t.xlsx", ("Read me",), title="About")
    sheet(file, ("image", "individual_id"), ("a.jpg", "09913"), title="Catalogue")
    assert read_catalogue(file)["individual_id"].tolist() == ["09913"]
    sheet(file, ("image", "individual_id"), ("b.jpg", "1"), title="Old")
    with pytest.raises(
        InputError, match="more than one sheet, 'Catalogue' and 'Old': save the right one"
    ):
        read_catalogue(file)


def test_a_sheet_without_the_columns_is_named_by_its_header(tmp_path: Path) -> None:
    file = sheet(tmp_path / "t.xlsx", ("photo", "who"), ("a.jpg", 1))
    with pytest.raises(InputError, match=r"lacks the columns image, .*'photo,who'"):
        read_text_table(file, WANTED)
    with pytest.raises(InputError, match="is empty"):
        read_text_table(sheet(tmp_path / "empty.xlsx"), WANTED)


def test_without_openpyxl_one_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sheet(tmp_path / "t.xlsx", WANTED, ("a.jpg", "1"))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(
        InputError, match=r"needs openpyxl: `pip install openpyxl`, or save the she"
    ):
        read_text_table(file, WANTED)


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    file = sheet(tmp_path / "t.xlsx", WANTED, ("a.jpg", "1"))
    file.write_bytes(file.read_bytes()[:-900])
    with pytest.raises(InputError, match=r"cannot be read as an \.xlsx file"):
        read_text_table(file, WANTED)


def test_a_hidden_sheet_is_called_hidden(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("old")):
        sheet.append(["image", "individual_id"])
        sheet.append(["a.jpg", "X1"])
    book["old"].sheet_state = "hidden"
    book.save(tmp_path / "train.xlsx")
    with pytest.raises(InputError, match=r"'Sheet' and 'old' \(hidden\)"):
        read_catalogue(tmp_path / "train.xlsx")
