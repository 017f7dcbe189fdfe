"""The table that the pages export is added, whole or with a sentence on what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.galleries.test_adding import with_files
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.config import Experiment
from tf_happywhale.config.loading import load_experiment
from tf_happywhale.errors import Incomplete, InputError
from tf_happywhale.galleries.adding_decisions import add_decisions
from tf_happywhale.galleries.queries import load_queries, save_queries, short_content

HEAD = "image,box_number,decision,individual_id,box,content\n"
BOX = "fin 1 2 30 40"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data/train_images").mkdir(parents=True)
    (tmp_path / "data/train_images/k.jpg").write_text("known")
    (tmp_path / "data/train.csv").write_text("image,individual_id\nk.jpg,Tom\n")
    return tmp_path / "data"


@pytest.fixture
def settings(tmp_path: Path) -> Experiment:
    """Two photographs were identified. Before, the first one had two boxes, and now it has one."""
    queries = with_files(tmp_path / "trip", ["a.jpg", "b.jpg"], [""] * 2, [""] * 2)
    boxes = {"box": np.array([BOX, ""])}
    save_queries(tmp_path / "out", replace(queries, columns=queries.columns | boxes))
    return load_experiment(None, [f"output={tmp_path / 'out'}"])


def decisions(tmp_path: Path, *rows: str) -> Path:
    """The table of the pages; {A} and {B} become the contents of a.jpg and b.jpg."""
    queries = load_queries(tmp_path / "out")
    a, b = map(short_content, queries.columns["content"].tolist())
    text = HEAD + "\n".join(rows).replace("{A}", a).replace("{B}", b) + "\n"
    (tmp_path / "decisions.csv").write_text(text)
    return tmp_path / "decisions.csv"


GONE = "a.jpg,2,new,Zoe,fin 5 5 9 9,{A}"
FOUND = f"a.jpg,1,match,Tom,{BOX},{{A}}"


def ids(root: Path) -> dict[str, str]:
    table = read_catalogue(root / "train.csv")
    return dict(zip(table["image"], table["individual_id"], strict=True))


def test_an_animal_that_is_not_found_any_more_keeps_no_other_one_away(
    tmp_path: Path, root: Path, settings: Experiment
) -> None:
    file = decisions(tmp_path, GONE, FOUND, "b.jpg,1,new,,,{B}")
    for _ in range(2):
        with pytest.raises(Incomplete, match=r"^1 of 3 decisions .* not found any more, such as a"):
            add_decisions(root, file, settings)
        assert ids(root) == {"k.jpg": "Tom", "a.jpg": "Tom", "b.jpg": "new-0001"}


def test_nothing_but_such_animals_is_an_error(
    tmp_path: Path, root: Path, settings: Experiment
) -> None:
    with pytest.raises(InputError, match=r"1 of 1 decisions .*: decide on the present pages"):
        add_decisions(root, decisions(tmp_path, GONE), settings)
    assert ids(root) == {"k.jpg": "Tom"}


@pytest.mark.parametrize(
    "row", [GONE.replace("{A}", ""), "c.jpg,1,new,Zoe,,{A}", "a.jpg,2,new,Zoe,,sha256:0000"]
)
def test_another_photograph_is_refused_as_a_whole(
    tmp_path: Path, root: Path, settings: Experiment, row: str
) -> None:
    with pytest.raises(InputError, match="not among the photographs identified"):
        add_decisions(root, decisions(tmp_path, FOUND, row), settings)
    assert ids(root) == {"k.jpg": "Tom"}
