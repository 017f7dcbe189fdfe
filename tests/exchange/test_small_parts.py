"""Cells, names, species and times as other programs accept them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.sighted import row
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.csv_text import csv_bytes, id_warnings
from tf_happywhale.exchange.rows import left_behind, lone_times
from tf_happywhale.exchange.safe_names import safe_names
from tf_happywhale.exchange.species_names import scientific_name
from tf_happywhale.exchange.time_zones import with_offset


@given(st.lists(st.text(min_size=1), min_size=2, max_size=4))
def test_cells_come_back_from_any_reader_of_csv(cells: list[str]) -> None:
    columns = [f"c{n}" for n in range(len(cells))]
    text = csv_bytes(columns, [dict(zip(columns, cells, strict=True))]).decode("utf-8")
    header, back = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert (header, back) == (columns, cells)


def test_spaces_at_an_end_are_in_quotes() -> None:
    assert csv_bytes(["a", "b"], [{"a": " x", "b": "y "}]) == b'a,b\n" x","y "\n'


def test_ids_that_other_programs_change_are_counted() -> None:
    formulas, guessed = id_warnings(["=1", "@b", "+c", "007", "1e5", "NA", "NA", "a-1"])
    assert formulas.startswith("3 ids begin with =, +, - or @, such as '=1'")
    assert guessed.startswith("3 ids look like numbers or missing values, such as '007'")
    assert id_warnings(["Old Tom", "b12"]) == []


@given(st.lists(st.text(min_size=1), unique=True, max_size=6))
def test_safe_names_differ_even_without_case(texts: list[str]) -> None:
    names = safe_names(texts, r"[^A-Za-z0-9 _.-]", "_")
    assert list(names) == texts
    assert len({name.lower() for name in names.values()}) == len(texts)
    for name in names.values():
        assert name.strip(" .") and "/" not in name and name not in ("..", ".")


def test_names_of_devices_are_changed() -> None:
    names = safe_names(["con", "nul.jpg", "../../etc/passwd"], r"[^A-Za-z0-9_.-]", "_")
    assert list(names.values()) == ["con_1", "nul_1.jpg", "_.._etc_passwd"]


@pytest.mark.parametrize(
    ("species", "name"),
    [
        ("Tursiops truncatus", "Tursiops truncatus"),
        ("Tursiops_truncatus", "Tursiops truncatus"),
        ("Pusa hispida saimensis", "Pusa hispida saimensis"),
        ("bottlenose_dolphin", ""),
        ("Bottlenose Dolphin", ""),
        ("harbour_seal", "Phoca vitulina"),
        ("", ""),
    ],
)
def test_scientific_names(species: str, name: str) -> None:
    assert scientific_name(species, {"harbour_seal": "Phoca vitulina"}) == name


@pytest.mark.parametrize(
    ("time", "zone", "moment"),
    [
        ("10:22", "+02:00", "2021-07-03T10:22:00+02:00"),
        ("10:22:59", "Europe/Oslo", "2021-07-03T10:22:59+02:00"),
        ("10:22:59-05:00", None, "2021-07-03T10:22:59-05:00"),
        ("10:22+05:30", "Europe/Oslo", "2021-07-03T10:22:00+05:30"),
    ],
)
def test_times_get_their_offset(time: str, zone: str | None, moment: str) -> None:
    assert with_offset("2021-07-03", time, zone, "a.jpg") == moment


def test_an_hour_that_came_twice_is_not_guessed() -> None:
    with pytest.raises(InputError, match=r"a\.jpg was taken at .* came twice or never"):
        with_offset("2021-10-31", "02:30", "Europe/Oslo", "a.jpg")
    with pytest.raises(InputError, match="which is no time zone"):
        with_offset("2021-10-31", "02:30", "Oslo", "a.jpg")
    with pytest.raises(InputError, match="which is no time zone"):
        with_offset("2021-10-31", "02:30", "../etc/passwd", "a.jpg")


def test_what_is_left_behind_is_counted() -> None:
    rows = [row(viewpoint="left", place="Bay"), row(viewpoint="right", time="10:22")]
    assert left_behind(rows, ("place", "time")) == ["not in this format: viewpoint (2 rows)"]
    assert left_behind(rows, ("place", "time", "viewpoint")) == []
    assert lone_times(rows) == ["1 times have no day, which this format needs: left out"]
