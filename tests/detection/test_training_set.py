from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tf_happywhale.catalogue.boxes.box import Box, RelativeBox
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.detection.training_set import write_training_set
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.pixels import read_picture


def test_pictures_labels_and_lists(photographs, tmp_path: Path) -> None:
    paths = photographs(5)
    paths["003.png"].write_bytes(b"broken")
    annotations = {
        "000.png": [("fin", Box(0, 10, 20, 30)), ("body", RelativeBox(0.5, 0, 1, 1))],
        "001.png": [("fin", Box(-10, 10, 10, 90))],
        "003.png": [("fin", Box(0, 0, 9, 9))],
        "004.png": [("fin", Box(200, 0, 300, 9))],
        "002.png": [("body", Box(0, 0, 100, 50))],
    }
    folds = {"000.png": 0, "001.png": 1, "002.png": 1, "003.png": 0, "004.png": 0}
    folder = tmp_path / "set"
    write_training_set(folder, paths, annotations, folds, longest=40)
    left_out = read_text_table(folder / "left_out.csv", ("image", "reason"))
    assert list(left_out["image"]) == ["003.png", "004.png"]
    assert "cannot be read" in left_out["reason"].iloc[0]
    assert left_out["reason"].iloc[1] == "None of its boxes lies inside its 100×50 pixels."
    about = yaml.safe_load((folder / "fold1.yaml").read_text(encoding="utf-8"))
    assert about["names"] == {0: "body", 1: "fin"}
    lists = {
        name: [Path(line).name for line in (folder / name).read_text().split()]
        for name in (about["train"], about["val"])
    }
    assert lists == {
        "fold1-train.txt": ["000000.jpg"],
        "fold1-val.txt": ["000001.jpg", "000002.jpg"],
    }
    listed = (folder / about["train"]).read_text().split()[0]
    assert read_picture(Path(listed)).shape == (20, 40, 3)
    assert (folder / "labels" / "000000.txt").read_text().splitlines() == [
        "1 0.100000 0.400000 0.200000 0.400000",
        "0 0.750000 0.500000 0.500000 1.000000",
    ]
    assert (folder / "labels" / "000001.txt").read_text() == (
        "1 0.050000 0.600000 0.100000 0.800000\n"  # cut to the picture
    )
    pictures = read_text_table(folder / "pictures.csv", ("file", "image", "fold"))
    assert pictures.to_dict("list")["image"] == ["000.png", "001.png", "002.png"]
    assert pictures.to_dict("list")["fold"] == ["0", "1", "1"]


def test_it_replaces_the_one_before(photographs, tmp_path: Path) -> None:
    paths, folder = photographs(4), tmp_path / "set"
    for names in (list(paths), list(paths)[:2]):
        boxes = {name: [("fin", Box(0, 0, 9, 9))] for name in names}
        folds = {name: n % 2 for n, name in enumerate(names)}
        write_training_set(folder, paths, boxes, folds, longest=40)
    assert len(list((folder / "images").iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_empty_fold_is_refused(photographs, tmp_path: Path) -> None:
    paths = photographs(2)
    paths["001.png"].write_bytes(b"broken")
    boxes = {name: [("fin", Box(0, 0, 9, 9))] for name in paths}
    with pytest.raises(InputError, match=r"Fold 0 .* nothing to train on"):
        write_training_set(tmp_path / "set", paths, boxes, {"000.png": 0, "001.png": 1}, longest=40)
    assert not (tmp_path / "set").exists()
