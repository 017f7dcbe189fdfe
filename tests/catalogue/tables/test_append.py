"""Rows added to a table in any dialect: the old bytes stay, and the new rows are read back."""

from __future__ import annotations

import csv

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.tables.append import table_with_rows
from tf_happywhale.catalogue.tables.reading import Reading
from tf_happywhale.catalogue.tables.table import read_text_table

CELLS = st.sampled_from(
    ["09913", "NA", "Old Tom", "Zoë", "a,b;c|d\te", 'the "big" one', "two\nlines", "x\ry", "1,5"]
)


@settings(max_examples=100, deadline=None)
@given(
    old=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=3),
    new=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=3),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    whole=st.booleans(),
)
def test_what_is_added_is_read_back_and_the_rest_stays(
    old, new, separator, end, quoting, encoding, whole, tmp_path_factory
) -> None:
    file = tmp_path_factory.getbasetemp() / "append.csv"
    old = [tuple(cell.replace("\r", "") for cell in row) for row in old]  # pandas quotes no "\r"
    table = pd.DataFrame(old, columns=["ID", "note", "Photo"], dtype=object)
    text = table.to_csv(index=False, sep=separator, lineterminator=end, quoting=quoting)
    file.write_bytes((text if whole else text.removesuffix(end)).encode(encoding))
    columns = {"image": "photo", "individual_id": "ID"}
    reading = Reading("cp1252" if encoding == "cp1252" else None, columns)
    rows = [{"image": image, "individual_id": who, "species": "lost"} for image, who in new]
    before, content = file.read_bytes(), table_with_rows(file, rows, tuple(columns), reading)
    assert content.startswith(before)
    file.write_bytes(content)
    found = read_text_table(file, tuple(columns), reading)[["individual_id", "note", "image"]]
    expected = [*old, *((who, "", image) for image, who in new)]
    assert found.to_numpy().tolist() == [list(row) for row in expected]


@settings(max_examples=100, deadline=None)
@given(
    old=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=3),
    new=st.lists(st.tuples(CELLS, st.sampled_from(["", "2"])), min_size=1, max_size=3),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    whole=st.booleans(),
    above=st.sampled_from(["", "A title"]),
)
def test_a_new_column_is_empty_in_the_rows_that_are_there(
    old, new, separator, end, quoting, encoding, whole, above, tmp_path_factory
) -> None:
    file = tmp_path_factory.getbasetemp() / "column.csv"
    old = [tuple(cell.replace("\r", "") for cell in row) for row in old]
    table = pd.DataFrame(old, columns=["individual_id", "image"], dtype=object)
    text = table.to_csv(index=False, sep=separator, lineterminator=end, quoting=quoting)
    text = (above + end) * bool(above) + text + end  # an empty row at its end
    file.write_bytes((text if whole else text.removesuffix(2 * end)).encode(encoding))
    reading = Reading("cp1252" if encoding == "cp1252" else None)
    rows = [{"image": image, "individual_id": "1", "box_number": number} for image, number in new]
    columns = ("image", "individual_id")
    content = table_with_rows(file, rows, columns, reading, ["box_number"])
    file.write_bytes(content)
    found = read_text_table(file, columns, reading)[["individual_id", "image", "box_number"]]
    expected = [[*row, ""] for row in old] + [["1", image, number] for image, number in new]
    assert found.to_numpy().tolist() == expected
    once = table_with_rows(file, [], columns, reading, ["box_number"])
    assert once == content
