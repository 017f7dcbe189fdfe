"""Tables of boxes read column by column: the same rows, and the same errors, as row by row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats import box_tables
from tf_happywhale.catalogue.boxes.formats.plain_boxes import NotPlain, plain_boxes
from tf_happywhale.catalogue.boxes.formats.table_columns import find_columns
from tf_happywhale.errors import InputError

PATH = Path("boxes.csv")
CORNERS = ("xmin", "ymin", "xmax", "ymax")
ODD = st.sampled_from(("", " 3", "nan", "x", "1,5", "1e999", "1e20", "0.5", "-0", "1_0", "\u0663"))
OTHERS = {
    "source": st.sampled_from(("backfin", " fullbody", "")),
    "confidence": st.sampled_from(("1", "0.5", "", "0", "-0", ".9", "1e-3", "0.1 0.2", "0,5", "x")),
    "origin": st.sampled_from(("pod", "manual", " Manual", "")),
    "box_number": st.sampled_from(("", "1", "2", "2.0", " 3", "0", "x")),
    "angle": st.sampled_from(("", "0", "10")),
    "width": st.just("100"),
}


def table_of(rows: list[dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, index=range(2, 2 + len(rows)), dtype=object)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """A table of boxes that is mostly plain; some cells are odd, and some boxes wrong."""
    four = draw(st.sampled_from((CORNERS, ("x", "y", "w", "h"), ("cx", "cy", "w", "h"))))
    more = draw(st.lists(st.sampled_from(list(OTHERS)[:4]), unique=True))
    more += draw(st.sampled_from(([], [], [], ["angle"], ["width"])))
    step = draw(st.sampled_from((1, 1, 0.1, 1e-7, 0.01)))
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        left, top = draw(st.integers(-2, 60)), draw(st.integers(0, 60))
        across, down = draw(st.integers(-1, 90)), draw(st.integers(1, 90))
        numbers = [step * n for n in (left, top, left + across, top + down)]
        cells = draw(st.sampled_from(([str(n) for n in numbers],) * 6 + ([""] * 4,)))
        if draw(st.integers(0, 9)) == 0:
            cells[draw(st.integers(0, 3))] = draw(ODD)
        image = draw(st.sampled_from(("a.jpg",) * 8 + ("b.jpg", "12", "na")))
        rows.append(
            {"image": image} | dict(zip(four, cells, strict=True))
            | {name: draw(OTHERS[name]) for name in more}
        )  # fmt: skip
    return table_of(rows)


@st.composite
def tables_of_cells(draw: st.DrawFn) -> pd.DataFrame:
    """A table with a whole box in one cell, as the usual crops of Happywhale have it."""
    about = draw(st.sampled_from((("bbox", ("conf",)), ("box", ("species", "individual_id")))))
    name, more = about
    form = {"bbox": "[[{} {}  {} {}]]", "box": "{} {} {} {}"}[name]
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        left, top = draw(st.integers(0, 60)), draw(st.integers(0, 60))
        numbers = [left, top, left + draw(st.integers(-1, 90)), top + draw(st.integers(0, 90))]
        cell = draw(st.sampled_from((form,) * 6 + ("", "[[{} {} {} {}", "[[ {} {} {} {}]]", "{}")))
        if draw(st.integers(0, 9)) == 0:
            cell += draw(st.sampled_from(("]", " 5", ".5", " [[1 2 30 40]]")))
        row = {"image": draw(st.sampled_from(("a.jpg", "b.jpg"))), name: cell.format(*numbers)}
        told = st.one_of(st.sampled_from(("0.5", "1", "")), OTHERS["confidence"])
        rows.append(row | {key: draw(told) for key in more})
    return table_of(rows)


def read(table: pd.DataFrame) -> list[BoxRow] | str:
    try:
        return box_tables.table_rows(table, PATH, None)
    except InputError as error:
        return str(error)


@settings(max_examples=400, deadline=None)
@given(st.one_of(tables(), tables_of_cells()))
def test_quickly_as_row_by_row(table: pd.DataFrame) -> None:
    quick = read(table)

    def never(*_: object) -> None:
        raise NotPlain

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(box_tables, "plain_boxes", never)
        assert read(table) == quick


@pytest.mark.parametrize("columns", [("image", *CORNERS), ("image", "bbox", "conf")])
def test_a_table_without_rows_has_no_boxes(columns: tuple[str, ...]) -> None:
    assert read(pd.DataFrame(columns=columns, dtype=object)) == []


def test_a_plain_table_is_read_without_going_through_its_rows() -> None:
    columns = ("image", *CORNERS, "source", "confidence", "origin")
    rows = [
        ("09913.jpg", "1", "2", "9.5", "10", "backfin", "0.5", "pod"),
        ("b.jpg", "", "", "", "", " fullbody ", "", "manual"),
    ]
    table = table_of([dict(zip(columns, row, strict=True)) for row in rows])
    assert plain_boxes(table, find_columns(columns, PATH), PATH) == [
        BoxRow("09913.jpg", "backfin", Box(1, 2, 10, 10), 0.5, False, where="Line 2 of boxes.csv"),
        BoxRow("b.jpg", "fullbody", None, manual=True, absent=True, where="Line 3 of boxes.csv"),
    ]


def test_a_box_in_a_cell_is_read_without_going_through_its_rows(monkeypatch) -> None:
    monkeypatch.setattr(box_tables, "boxes_in_cell", None)  # would fail if it were called
    rows = [("a.jpg", "[[0  103  803  656]]", "0.9"), ("b.jpg", "", "0.4")]
    table = table_of([dict(zip(("image", "bbox", "conf"), row, strict=True)) for row in rows])
    assert box_tables.table_rows(table, PATH, None) == [
        BoxRow("a.jpg", "", Box(0, 103, 803, 656), 0.9, where="Line 2 of boxes.csv"),
        BoxRow("b.jpg", "", None, where="Line 3 of boxes.csv"),
    ]


def test_shares_of_the_picture_are_left_to_the_careful_reading() -> None:
    row = dict(zip(("image", *CORNERS), ("a.jpg", "0", "0", "0.5", "1"), strict=True))
    table = table_of([row])
    with pytest.raises(NotPlain):
        plain_boxes(table, find_columns(row, PATH), PATH)
