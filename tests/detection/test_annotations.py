from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes.box import Box, RelativeBox
from tf_happywhale.config import load_experiment
from tf_happywhale.detection.annotations import deal_folds, describe, read_annotations
from tf_happywhale.errors import InputError

HEADER = "image,source,xmin,ymin,xmax,ymax,confidence,origin\n"


def read(root: Path, *overrides: str, images=("a.jpg", "b.jpg")):
    photographs = {image: root / image for image in images}
    return read_annotations(load_experiment(None, [f"data.root={root}", *overrides]), photographs)


def test_all_boxes_of_an_image_are_learnt_from(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text(
        HEADER + "a.jpg,fullbody,0,0,9,9,1,x\na.jpg,fullbody,20,0,29,9,1,x\n"
        "a.jpg,backfin,1,1,2,2,1,x\nelsewhere.jpg,backfin,1,1,2,2,1,x\nb.jpg,backfin,,,,,1,x\n"
    )
    assert read(tmp_path) == {
        "a.jpg": [
            ("fullbody", Box(0, 0, 9, 9)), ("fullbody", Box(20, 0, 29, 9)),
            ("backfin", Box(1, 1, 2, 2)),
        ]
    }  # fmt: skip
    assert read(tmp_path, "detect.sources=[backfin]") == {"a.jpg": [("backfin", Box(1, 1, 2, 2))]}


def test_annotations_are_counted() -> None:
    box = Box(0, 0, 9, 9)
    boxes = {"a.jpg": [("fin", box), ("fin", box), ("body", box)], "b.jpg": [("fin", box)]}
    assert describe(boxes).endswith("on 2 photographs: body 1, fin 3")


def test_a_persons_box_replaces_all_others_of_its_image_and_source(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text(
        HEADER + "a.jpg,fin,0,0,9,9,1,x\na.jpg,fin,5,5,6,6,,manual\na.jpg,fin,7,7,8,8,,manual\n"
        "a.jpg,body,0,0,9,9,1,x\nb.jpg,fin,0,0,9,9,1,x\n"
    )
    assert read(tmp_path) == {
        "a.jpg": [("fin", Box(5, 5, 6, 6)), ("fin", Box(7, 7, 8, 8)), ("body", Box(0, 0, 9, 9))],
        "b.jpg": [("fin", Box(0, 0, 9, 9))],
    }


def test_the_best_row_of_a_numbered_animal_counts(tmp_path: Path) -> None:
    """A person corrected the second; the first has no number."""
    (tmp_path / "boxes.csv").write_text(
        HEADER.replace("\n", ",box_number\n") + "a.jpg,fin,0,0,9,9,.5,x,\n"
        "a.jpg,fin,20,0,29,9,.5,x,2\na.jpg,fin,21,0,30,9,,manual,2\n"
    )
    assert read(tmp_path)["a.jpg"] == [("fin", Box(0, 0, 9, 9)), ("fin", Box(21, 0, 30, 9))]


def test_rows_that_name_no_source_have_the_files(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("image,bbox,conf\na.jpg,[[0  1  8  9]],[.9]\nb.jpg,,\n")
    assert read(tmp_path, "detect.annotations=f.csv", "records.source=fin") == {
        "a.jpg": [("fin", Box(0, 1, 8, 9))]
    }
    assert read(tmp_path, "detect.annotations={body: f.csv}") == {
        "a.jpg": [("body", Box(0, 1, 8, 9))]
    }
    with pytest.raises(InputError, match="does not say what its boxes show"):
        read(tmp_path, "detect.annotations=f.csv", "records.source=whole")


def test_yolo_folders_and_labels_with_the_pictures_size(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "classes.txt").write_text("fin\n")
    (tmp_path / "labels" / "b.txt").write_text("0 0.5 0.5 0.2 0.4\n")
    found = read(tmp_path, "detect.annotations=labels")
    assert found == {"b.jpg": [("fin", RelativeBox(0.4, 0.3, 0.6, 0.7))]}
    (tmp_path / "l.csv").write_text(
        "image,label,xmin,ymin,xmax,ymax,width,height\na.jpg,fin,64,0,128,64,128,128\n"
    )
    found = read(tmp_path, "detect.annotations=l.csv")
    assert found == {"a.jpg": [("fin", RelativeBox(0.5, 0, 1, 0.5))]}


def test_nothing_to_learn_from_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"put boxes\.csv into"):
        read(tmp_path)
    (tmp_path / "boxes.csv").write_text(HEADER + "a.jpg,fin,0,0,9,9,1,x\n")
    with pytest.raises(InputError, match="no box of source tail on a photograph"):
        read(tmp_path, "detect.sources=[tail]")
    with pytest.raises(InputError, match="names none of the photographs"):
        read(tmp_path, images=["c.jpg"])


def test_folds_are_even_the_same_for_a_seed_and_others_for_another() -> None:
    images = [f"{n}.jpg" for n in range(23)]
    folds = deal_folds(images, 5, seed=1)
    assert Counter(folds.values()) == {0: 5, 1: 5, 2: 5, 3: 4, 4: 4}
    assert deal_folds(reversed(images), 5, seed=1) == folds
    assert deal_folds(images, 5, seed=2) != folds
    with pytest.raises(InputError, match="4 annotated photographs do not make 5 folds"):
        deal_folds(images[:4], 5, seed=1)
