from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.dataset import load_data, reading_once
from tf_happywhale.config import load_experiment
from tf_happywhale.disk.hashes import MISSING
from tf_happywhale.records.plan import CropFormat, RecordsPlan, plan_records

BOXES = """\
image,source,xmin,ymin,xmax,ymax,confidence,origin
0.png,fullbody,1,2,9,9,1,yolo
t.png,fullbody,3,3,9,9,1,yolo
0.png,backfin,4,4,6,6,1,yolo
"""
ROWS = ["0.png,orca,a", "1.png,beluga,b", "2.png,,a", "3.png,orca,b"]


@pytest.fixture
def root(tmp_path: Path, save) -> Path:
    folder = tmp_path / "whales"
    for k in range(4):
        save(folder / "train_images" / f"{k}.png", np.full((10, 10, 3), k, np.uint8))
    save(folder / "test_images" / "t.png", np.full((10, 10, 3), 99, np.uint8))
    (folder / "train.csv").write_text("\n".join(["image,species,individual_id", *ROWS, ""]))
    (folder / "boxes.csv").write_text(BOXES)
    return folder


@pytest.fixture
def plan(root: Path):
    def make(*overrides: str) -> RecordsPlan:
        usual = [f"data.root={root}", f"output={root.parent / 'out'}", "data.folds=2"]
        experiment = load_experiment(None, [*usual, "image_size=32", *overrides])
        return plan_records(experiment, load_data(experiment))

    return make


def test_photographs_of_both_splits_with_labels_folds_and_boxes(plan, root: Path) -> None:
    made = plan()
    assert [p.image for p in made.photographs] == ["0.png", "1.png", "2.png", "3.png", "t.png"]
    assert [p.split for p in made.photographs] == ["train"] * 4 + ["test"]
    assert [p.target for p in made.photographs] == [0, 1, 0, 1, -1]
    assert [p.species for p in made.photographs] == [1, 0, -1, 1, -1]
    assert [p.fold for p in made.photographs] == [0, 0, 1, 1, 0]
    boxes = [Box(1, 2, 9, 9), None, None, None, Box(3, 3, 9, 9)]
    assert [p.crops for p in made.photographs] == [{"fullbody": box} for box in boxes]
    assert made.individuals == ["a", "b"]
    assert made.photographs[4].path == root / "test_images" / "t.png"
    assert made.crop_format == CropFormat(32, 95, ("fullbody",))
    assert made.dataset == "whales"


def test_the_folder_lies_with_the_records_and_names_data_set_and_size(plan, tmp_path) -> None:
    folder = plan().folder
    assert folder.parent == tmp_path / "out" / "records"
    assert folder.name.startswith("whales-32-")
    assert plan(f"records.dir={tmp_path / 'shared'}").folder == tmp_path / "shared" / folder.name


@pytest.mark.parametrize(
    "override",
    ["data.folds=3", "data.fold_by=open", "seed=7", "train.epochs=3", "records.shard_images=2"],
)
def test_what_leaves_the_pixels_alone_keeps_the_folder(plan, override: str) -> None:
    assert plan(override).folder == plan().folder


@pytest.mark.parametrize(
    "override",
    [
        "image_size=48",
        "records.size=48",
        "records.quality=90",
        "records.source=backfin",
        "records.more_sources=[backfin]",
    ],
)
def test_other_pixels_lie_in_another_folder(plan, override: str) -> None:
    assert plan(override).folder != plan().folder


def test_labels_and_the_order_of_rows_keep_the_folder(plan, root: Path) -> None:
    before = plan().folder
    rows = [f"{k}.png,narwhal,new{k % 2}" for k in (3, 1, 0, 2)]
    (root / "train.csv").write_text("\n".join(["image,species,individual_id", *rows, ""]))
    assert plan().folder == before


@pytest.mark.parametrize(
    ("row", "instead"),
    [
        ("0.png,fullbody,1,2,9,9,1,yolo", "0.png,fullbody,1,2,9,8,1,yolo"),
        ("t.png,fullbody,3,3,9,9,1,yolo\n", ""),
        ("0.png,fullbody,1,2,9,9,1,yolo", "1.png,fullbody,1,2,9,9,1,yolo"),
    ],
    ids=["moved", "removed", "another image's"],
)
def test_a_changed_box_is_another_folder(plan, root: Path, row: str, instead: str) -> None:
    before = plan().folder
    (root / "boxes.csv").write_text(BOXES.replace(row, instead))
    assert plan().folder != before


def test_boxes_of_another_source_or_confidence_keep_the_folder(plan, root: Path) -> None:
    before = plan().folder
    (root / "boxes.csv").write_text(
        BOXES.replace("4,4,6,6", "5,5,6,6").replace("9,9,1,yolo", "9,9,.5,x")
    )
    assert plan().folder == before


def test_a_changed_or_missing_photograph_is_another_folder(plan, root: Path, save) -> None:
    names = {plan().folder}
    save(root / "train_images" / "2.png", np.full((10, 10, 3), 200, np.uint8))
    names.add(plan().folder)
    (root / "train.csv").write_text("\n".join(["image,species,individual_id", *ROWS[:3], ""]))
    names.add(plan().folder)
    assert len(names) == 3


def test_a_size_for_the_records_goes_before_the_models(plan) -> None:
    assert plan("records.size=64").crop_format.size == 64
    assert plan("records.size=64").folder.name.startswith("whales-64-")
    assert plan("records.size=64", "image_size=48").folder == plan("records.size=64").folder


def test_further_crops_are_planned_where_there_is_a_box_and_the_whole_always(plan) -> None:
    made = plan("records.more_sources=[backfin, whole]")
    assert made.crop_format.sources == ("fullbody", "backfin", "whole")
    first, second, *_, last = (p.crops for p in made.photographs)
    assert first == {"fullbody": Box(1, 2, 9, 9), "backfin": Box(4, 4, 6, 6), "whole": None}
    assert list(first) == ["fullbody", "backfin", "whole"]
    assert second == {"fullbody": None, "whole": None}
    assert last == {"fullbody": Box(3, 3, 9, 9), "whole": None}


def test_within_reading_once_a_plan_is_made_again_only_if_a_photograph_has_changed(
    plan, root: Path
) -> None:
    with reading_once():
        first = plan()
        assert plan("train.epochs=3") is first
        assert plan("records.quality=80") is not first
        assert plan() is first
        (root / "train_images" / "2.png").write_bytes(b"another picture")
        second = plan()
        assert second is not first and second.folder != first.folder
        (root / "train_images" / "2.png").unlink()
        assert plan().photographs[2].content == MISSING
        (root / "train_images" / "2.png").write_bytes(b"a third one")
    assert plan() is not plan()


def test_the_digests_of_pictures_are_of_their_split(plan, root: Path) -> None:
    made = plan()
    train, test = made.pictures("train", ["0.png", "1.png"]), made.pictures("test", ["t.png"])
    assert len({*train, *test}) == 3 and all(len(text) == 16 for text in [*train, *test])
    with pytest.raises(KeyError):
        made.pictures("test", ["0.png"])
