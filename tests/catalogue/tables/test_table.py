from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file .*train\.csv"):
        read_text_table(tmp_path / "train.csv", ())


def test_white_space_alone_is_no_encounter_place_or_species(tmp_path: Path) -> None:
    """All such photographs would be of one encounter, which is ranked as one animal."""
    table = tmp_path / "t.csv"
    head = "image,individual_id,encounter,place,species,note"
    table.write_text(f"{head}\na.jpg, A,  ,\u00a0,\t, \nb.jpg,B, e,p ,s,\n", encoding="utf-8")
    read = read_text_table(table, ("image",))
    assert read.to_numpy().tolist() == [
        ["a.jpg", " A", "", "", "", " "],
        ["b.jpg", "B", " e", "p ", "s", ""],
    ]
