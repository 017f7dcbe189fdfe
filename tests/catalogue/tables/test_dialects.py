"""Tables in any supported dialect: what is read is what was written."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.tables import rows as rows_module
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.catalogue.tables.rows import Rows, read_rows
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError

SEPARATORS = (",", ";", "\t", "|")
AWKWARD = (
    "09913", "NA", "1e10", "nan", "None", "", "-0", "Old Tom", "Zoë", "Zoe\u0308", "鯨", "?",
    'the "big" one', "a,b;c|d\te", "two\nlines", "two\r\nlines", " in front", "behind ", "1,5",
    "=1+1", "sep=;", "#", "'", "\\", "\u2028", "\x1f", "a\rb",
)  # fmt: skip
COLUMNS = ("image", "individual_id", "species", "Größe; cm", "note, free")
CELLS = st.sampled_from(AWKWARD) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=8
)


def written(table: pd.DataFrame, separator: str, end: str, quoting: int) -> str:
    return table.to_csv(index=False, sep=separator, lineterminator=end, quoting=quoting)


def blank(rows: list[list[str]]) -> list[list[str]]:
    """The rows, without those that hold no text."""
    return [row for row in rows if any(cell.strip() for cell in row)]


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.tuples(*[CELLS] * len(COLUMNS)), min_size=1, max_size=6),
    separator=st.sampled_from(SEPARATORS),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"]),
    case=st.sampled_from([str, str.upper, str.title, lambda name: f" {name} "]),
    empty=st.booleans(),
)
def test_what_is_read_is_what_was_written(
    rows, separator, end, quoting, encoding, case, empty, tmp_path_factory
) -> None:
    file = tmp_path_factory.getbasetemp() / "dialect.csv"
    table = pd.DataFrame(rows, columns=[case(name) for name in COLUMNS], dtype=object)
    text = written(table, separator, end, quoting)
    text = text + f"{end}{separator * (len(COLUMNS) - 1)}{end}" if empty else text
    try:
        file.write_bytes(text.encode(encoding))
    except UnicodeEncodeError:
        return  # the encoding has no such letter
    asked = Reading(encoding if encoding in ("cp1252", "latin-1") else None)
    try:
        read = read_text_table(file, ("image", "individual_id"), asked)
    except InputError as error:
        loose = any("\r" in cell or "\n" in cell for row in rows for cell in row)
        said = str(error)
        twofold = encoding in ("cp1252", "latin-1") and "as UTF-8" in said
        spaced = "a space follows" in said and any(c[:1] == " " for row in rows for c in row)
        assert twofold or spaced or (loose and said.startswith("Line ")), error
        return
    found = read.to_numpy().tolist()
    expected = blank([list(row) for row in rows])
    for row in expected:  # white space alone is no species
        row[2] = "" if row[2].isspace() else row[2]
    if found != expected:  # a carriage return at the end of a line that pandas does not quote
        loose = [[cell.removesuffix("\r") for cell in row] for row in expected]
        assert end == "\n" and [[cell.removesuffix("\r") for cell in r] for r in found] == loose
    assert {type(cell) for row in found for cell in row} <= {str}


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_line_numbers_are_the_files(tmp_path_factory, data) -> None:
    cell = st.sampled_from(["a", "b\nc", "d\r\ne", 'f"g', "h;i"])
    rows = data.draw(st.lists(st.tuples(cell, cell) | st.just(()), min_size=1, max_size=8))
    rows.append(("last", "x"))
    title = data.draw(st.sampled_from(["", "Sightings of 2015\n", "\n\n", "sep=;\n"]))
    text, lines = io.StringIO(title + "image;individual_id\n"), []
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    for row in rows:
        if row:
            lines.append(text.getvalue().replace("\r\n", "\n").count("\n") + 1)
        writer.writerow(row)
    file = tmp_path_factory.getbasetemp() / "lines.csv"
    file.write_bytes(text.getvalue().encode())
    assert list(read_text_table(file, ("image", "individual_id")).index) == lines


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-with-mark"])
def test_each_dialect_by_example(tmp_path: Path, separator: str, encoding: str) -> None:
    text = "\r\n".join(
        separator.join(row)
        for row in [("Image", " INDIVIDUAL_ID"), ("a.jpg", " 09913"), ("", ""), ("é.jpg", " Zoë")]
    )
    mark = b"\xfe\xff" if encoding.endswith("mark") else b""
    file = tmp_path / "t.csv"
    file.write_bytes(mark + text.encode("utf-16-be" if mark else encoding))
    table = read_text_table(file, ("image", "individual_id"))
    assert table.to_numpy().tolist() == [["a.jpg", "09913"], ["é.jpg", "Zoë"]]
    assert list(table.index) == [2, 4]


def test_columns_are_named_by_mapping(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("Photo;ID;individual_id;dt\na.jpg;007;old;02-Jun-15\n", encoding="utf-8")
    mapped = Reading(columns={"image": "photo", "individual_id": "ID"})
    table = read_text_table(file, ("image", "individual_id"), mapped)
    assert table.to_dict("records") == [
        {"image": "a.jpg", "individual_id": "007", "dt": "02-Jun-15"}
    ]


@pytest.mark.parametrize("title", ["sep=;\n", '"sep=;"\r\n', "Sightings 2015, Moray Firth\n\n"])
def test_lines_above_the_header_are_passed_over(tmp_path: Path, title: str) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes((title + "image;individual_id;size\na.jpg;1;1,5\n").encode())
    table = read_text_table(file, ("image", "individual_id"))
    assert table.to_numpy().tolist() == [["a.jpg", "1", "1,5"]]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("image, individual_id\na, 1\nb,2\n", "Line 3 of .*: a space follows only some"),
        ("image,individual_id\na, 1\nb, 2\n", "Line 2 of .*a space follows each .* in the header"),
        ("sep=^\nimage^individual_id\n", r"Line 1 of .* is 'sep=\^'"),
        ("image,individual_id,a;image;individual_id;b\n", "separated by comma and by semicolon"),
        ("image,individual_id,image\na,1,b\n", "has the column 'image' twice"),
        ("image,individual_id,Image\na,1,b\n", "'image' and 'Image', and each may be"),
        ("image,individual_id,date,Date\na,1,x,y\n", "'date' and 'Date', and each may be"),
        ("image,individual_id,Place,PLACE\na,1,x,y\n", "'Place' and 'PLACE', and each may"),
        ('image,individual_id\na,1\nb,"2\nc,3\n', "Line 3 of .*: the quotes of this row"),
        ('image,individual_id\na,1\n"b" c,2\n', "Line 3 of .*: the quotes of this row"),
        ("image,individual_id\na,1\rb,2\n", "Line 2 of .* ends with a carriage return alone"),
        ("image,individual_id\na\n\n,1,5,\n", "Line 2 of .* has fewer cells"),
        ("image,individual_id\n\n\na,1,5,\n", "Line 4 of .* has more cells"),
        ("image;individual_id\na,1\n", "Line 2 of .* has fewer cells"),
        ("image,individual_id\nä,1\n".encode("utf-16-le"), r"zero byte|not UTF-8"),
        ("image,individual_id\na,1\n".encode("utf-16-le"), "utf-16-le"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel file .*, or has a password"),
        (b"PK\x03\x04rest", "cannot be read as an .xlsx file"),
    ],
)
def test_what_can_be_read_in_two_ways_is_named(tmp_path: Path, raw: str | bytes, said: str) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    with pytest.raises(InputError, match=said) as caught:
        read_text_table(file, ("image", "individual_id"))
    assert "t.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_asked_encoding_that_the_bytes_deny_is_named(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes("image,individual_id\na.jpg,Zoë\n".encode())
    said = r"Line 2 of .* is 'a\.jpg,Zoë' as UTF-8 and 'a\.jpg,ZoÃ«' as cp1252"
    with pytest.raises(InputError, match=said):
        read_text_table(file, ("image",), Reading("cp1252"))
    file.write_bytes("image,individual_id\na.jpg,Zoë\n".encode("cp1252"))
    assert read_text_table(file, ("image",), Reading("cp1252"))["individual_id"].tolist() == ["Zoë"]


def test_a_missing_table_names_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "train.xlsx").write_bytes(b"")
    with pytest.raises(InputError, match=r"no file .*train\.csv; there are train\.xlsx"):
        read_text_table(tmp_path / "train.csv", ())


def test_a_second_byte_order_mark_is_not_a_part_of_the_header(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes("\ufeff\ufeffimage,individual_id\na.jpg,1\n".encode())
    assert list(read_text_table(path, ("image",)).columns) == ["image", "individual_id"]


PLAIN_CELLS = st.sampled_from(("09913", "a", "", " ", " x", "Zoë", "1,5", '"', '"q"', '"a\nb"'))


@settings(max_examples=400, deadline=None)
@example([["", ""], ["09913"], ["09913"]], "\n", "", False)
@given(
    st.lists(st.lists(PLAIN_CELLS, max_size=4), max_size=6),
    st.sampled_from(("\n", "\r\n", "\r")),
    st.sampled_from(("", "a title\n", "image,individual_id\n", "image,individual_id\r\n")),
    st.booleans(),
)
def test_plain_tables_are_read_quickly_as_row_by_row(
    rows: list[list[str]], end: str, top: str, ends: bool
) -> None:
    text = top + end.join(map(",".join, rows)) + end * ends

    def read() -> Rows | str:
        try:
            return read_rows(text, Path("t.csv"), lambda header: 2 * (len(header) > 1))
        except InputError as error:
            return str(error)

    quick = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_module, "plain_rows", lambda *_: None)
        assert read() == quick
