"""A catalogue made from decisions alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.galleries.test_adding import NEW, with_files
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.adding import add_confirmed
from tf_happywhale.galleries.new_catalogue import begin_catalogue

ABOUT = {"gallery": "none"}


def test_groups_become_the_individuals_of_a_new_catalogue(tmp_path: Path) -> None:
    names = ["a.jpg", "b.jpg", "c.jpg"]
    queries = with_files(tmp_path / "trip", names, [""] * 3, [""] * 3)
    queries = replace(queries, about=queries.about | ABOUT)
    folder = tmp_path / "mine"
    assert begin_catalogue(folder, queries.about, Data())
    decided = {"a.jpg": NEW, "b.jpg": "Ann", "c.jpg": NEW}
    groups = {"a.jpg": "new_1", "c.jpg": "new_1"}
    add_confirmed(folder, queries, decided, Data(), new=["Ann"], groups=groups)
    table = read_catalogue(folder / "train.csv", folder=folder / "train_images")
    found = dict(zip(table["image"], table["individual_id"], strict=True))
    assert found == {"a.jpg": "new-0001", "b.jpg": "Ann", "c.jpg": "new-0001"}
    assert not begin_catalogue(folder, queries.about, Data())  # it is there


def test_what_people_said_of_photographs_is_in_the_new_catalogue(tmp_path: Path, capsys) -> None:
    queries = with_files(tmp_path / "trip", ["a.jpg"], [""], [""])
    said = {"place": "Bay", "observer": "Ann", "quality": "Q1", "time": "10:22", "latitude": "57",
            "longitude": "12", "distinctiveness": "D2"}  # fmt: skip
    columns = {name: np.array([cell], np.str_) for name, cell in said.items()}
    queries = replace(queries, about=queries.about | ABOUT, columns=queries.columns | columns)
    begin_catalogue(tmp_path / "mine", queries.about, Data())
    add_confirmed(tmp_path / "mine", queries, {"a.jpg": NEW}, Data())
    row = read_catalogue(tmp_path / "mine" / "train.csv").iloc[0]
    assert {name: row[name] for name in said} == said
    assert "has no column" not in capsys.readouterr().out
    (tmp_path / "old" / "train_images").mkdir(parents=True)
    (tmp_path / "old" / "train.csv").write_text("image,individual_id,Place\n")
    add_confirmed(tmp_path / "old", queries, {"a.jpg": NEW}, Data())
    assert read_catalogue(tmp_path / "old" / "train.csv").loc[0, "place"] == "Bay"
    said = "has no column observer and quality and distinctiveness, so what is known of it is not"
    assert said in capsys.readouterr().out


def test_a_mistyped_folder_makes_no_catalogue(tmp_path: Path) -> None:
    assert not begin_catalogue(tmp_path / "whalse", {}, Data())
    assert not (tmp_path / "whalse").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear whale")
    with pytest.raises(InputError, match="it is no catalogue"):
        begin_catalogue(tmp_path, ABOUT, Data())
