from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.config import load_experiment
from tf_happywhale.records.catalogue_facts import catalogue_facts, folder_facts


@pytest.fixture
def bay(pod: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pod, tmp_path / "bay")


def of(bay: Path, *overrides: str):
    return load_experiment(None, [f"data.root={bay}", f"output={bay.parent / 'out'}", *overrides])


def test_the_facts_of_the_pod(bay: Path) -> None:
    facts = catalogue_facts(of(bay), ())
    rows = (bay / "train.csv").read_text().splitlines()[1:]
    assert (facts.images, facts.individuals) == (len(rows), len({r.split(",")[2] for r in rows}))
    assert facts.side == pytest.approx((300 * 200) ** 0.5)
    backfin, fullbody = facts.boxes
    assert (backfin.source, fullbody.source) == ("backfin", "fullbody")
    assert backfin.images == fullbody.images == facts.images
    assert 0 < backfin.side < fullbody.side < facts.side
    assert (facts.left, facts.right, facts.box_files, facts.test_folders) == (0, 0, (), ())
    assert facts.to_identify == len(list((bay / "test_images").glob("*.jpg"))) > 0
    assert facts.named_alike == 0
    known = next((bay / "train_images").glob("*.jpg"))
    shutil.copy(known, bay / "test_images" / known.name)
    again = catalogue_facts(of(bay), {})
    assert (again.to_identify, again.named_alike) == (facts.to_identify + 1, 1)


def test_only_the_source_that_was_given_counts(bay: Path) -> None:
    facts = catalogue_facts(of(bay, "records.source=fullbody"), {"records.source"})
    assert [one.source for one in facts.boxes] == ["fullbody"]


def test_viewpoints_and_days_are_counted(bay: Path) -> None:
    head, *rows = (bay / "train.csv").read_text().splitlines()
    sides = ["left", "R", "left dorsal", ""]
    lines = [f"{row},{sides[n % 4]},2021-05-01" for n, row in enumerate(rows)]
    (bay / "train.csv").write_text("\n".join([f"{head},viewpoint,date", *lines]))
    facts = catalogue_facts(of(bay, "data.fold_by=burst"), ())
    quarter = -(-len(rows) // 4)
    assert facts.left == len(lines[::4]) + len(lines[2::4]) >= 2 * quarter - 1
    assert facts.bursts == facts.individuals  # each was seen on that day only


def test_other_files_and_folders_are_found_where_the_usual_ones_are_missing(bay: Path) -> None:
    assert not folder_facts(of(bay)).test_folders
    (bay / "boxes.csv").unlink()
    (bay / "test_images").rename(bay / "new_photographs")
    shutil.rmtree(bay / "test_images_no_fin")
    mark_own_output(bay / "trip")  # which `identify` has written
    shutil.copy(next((bay / "train_images").iterdir()), bay / "trip" / "thumbnail.jpg")
    (bay / "notes.json").write_text('{"weather": "fine"}')
    (bay / "empty").mkdir()
    image = (bay / "train.csv").read_text().splitlines()[1].split(",")[0]
    found = {"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.5, 0.5]}
    tree = {
        "images": [{"file": image, "detections": [found]}],
        "detection_categories": {"1": "animal"},
    }
    (bay / "detections.json").write_text(json.dumps(tree))
    facts = folder_facts(of(bay))
    assert facts.box_files == ("detections.json",)
    assert facts.test_folders == ("new_photographs",)
    there = of(bay, "data.boxes=detections.json", "data.test_images=new_photographs")
    (box,) = catalogue_facts(there, ()).boxes
    assert (box.source, box.images) == ("fullbody", 1)  # the box does not say what it is
