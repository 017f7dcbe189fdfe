from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tf_happywhale.catalogue.boxes.formats.cells import (
    EMPTY,
    NUMBER,
    is_empty,
    is_short_number,
    to_number,
)
from tf_happywhale.errors import InputError

CELLS = st.text(alphabet="0159.,-+eE naNx²٣", max_size=20)


@given(CELLS)
@example("9" * 400)  # more than a float holds
def test_a_cell_is_read_as_its_form_says(cell: str) -> None:
    text = cell.strip()
    if NUMBER.fullmatch(text) and math.isfinite(float(text)):
        assert to_number(cell, "line 2") == float(text)
    else:
        with pytest.raises(InputError, match="line 2"):
            to_number(cell, "line 2")


@given(CELLS)
def test_only_what_can_be_read_in_no_other_way_is_a_short_number(cell: str) -> None:
    if is_short_number(cell):
        assert NUMBER.fullmatch(cell) and cell not in EMPTY
        assert str(int(cell)) == cell.lstrip("0") or int(cell) == 0


@given(CELLS | st.sampled_from(sorted(EMPTY)).map(lambda word: f" {word.upper()}"))
def test_an_empty_cell_is_one_of_the_usual_words(cell: str) -> None:
    assert is_empty(cell) == (cell.strip().lower() in EMPTY)
