from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_in_folder, boxes_of_photos
from tf_happywhale.catalogue.photographs.photos import find_photos
from tf_happywhale.errors import InputError


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_boxes_come_from_beside_the_photographs_or_a_named_table(tmp_path: Path) -> None:
    photographs = {"a.jpg": tmp_path / "a.jpg"}
    assert boxes_in_folder(tmp_path, None, photographs, WantedBoxes(["backfin"])) == {"backfin": {}}
    rows = "image,source,xmin,ymin,xmax,ymax,confidence,origin\na.jpg,backfin,1,2,3,4,0.6,yolo\n"
    (tmp_path / "boxes.csv").write_text(rows, encoding="utf-8")
    found = boxes_in_folder(tmp_path, None, photographs, WantedBoxes(["whole", "backfin"]))
    assert found["whole"] == {}
    assert found["backfin"]["a.jpg"].confidence == 0.6
    with pytest.raises(InputError):
        boxes_in_folder(tmp_path, str(tmp_path / "gone.csv"), photographs, WantedBoxes(["backfin"]))
    with pytest.raises(InputError, match="has no box of source 'fullbody'"):
        boxes_in_folder(tmp_path, None, photographs, WantedBoxes(["fullbody"]))
    wanted = WantedBoxes(["fullbody", "backfin"], required=["backfin"])
    either = boxes_in_folder(tmp_path, None, photographs, wanted)
    assert either == {"fullbody": {}, "backfin": found["backfin"]}
    with pytest.raises(InputError, match="has no box of source 'fullbody'"):
        boxes_in_folder(tmp_path, None, photographs, WantedBoxes(["fullbody"], ["fullbody"]))


def test_each_folder_has_a_table_of_its_own(tmp_path: Path) -> None:
    """Both call theirs a.jpg; the third has no table, and the fourth a row of no photograph."""
    folders = [tmp_path / name for name in ("mon", "tue", "wed")]
    touch(*(folder / "a.jpg" for folder in folders), folders[1] / "sub" / "b.jpg")
    head = "image,source,xmin,ymin,xmax,ymax,confidence,origin\n"
    (folders[0] / "boxes.csv").write_text(f"{head}a.jpg,backfin,1,2,3,4,0.6,yolo\n")
    (folders[1] / "boxes.csv").write_text(
        f"{head}a.jpg,backfin,5,6,7,8,,manual\nsub/b.jpg,backfin,1,1,9,9,,manual\n"
        "gone.jpg,backfin,1,1,2,2,,manual\n"
    )
    photos = find_photos(folders)
    found = boxes_of_photos(photos, None, WantedBoxes(["backfin", "whole"]))
    assert {image: row.box.xmin for image, row in found["backfin"].items()} == {
        "mon/a.jpg": 1, "tue/a.jpg": 5, "tue/sub/b.jpg": 1,
    }  # fmt: skip
    assert found["whole"] == {}
    lone = boxes_of_photos(find_photos([folders[1] / "a.jpg"]), None, WantedBoxes(["backfin"]))
    assert lone["backfin"]["a.jpg"].box.xmin == 5
    table = tmp_path / "all.csv"
    table.write_text(f"{head}tue/a.jpg,backfin,3,3,4,4,,manual\n")
    named = boxes_of_photos(photos, str(table), WantedBoxes(["backfin"]))
    assert {image: row.box.xmin for image, row in named["backfin"].items()} == {"tue/a.jpg": 3}


def test_each_sub_folder_may_have_a_table_and_the_nearest_counts(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("mon/a.jpg", "tue/a.jpg", "tue/b.jpg", "wed/a.jpg")))
    head = "image,xmin,ymin,xmax,ymax\n"
    (tmp_path / "boxes.csv").write_text(f"{head}tue/a.jpg,1,1,20,20\nwed/a.jpg,2,2,20,20\n")
    (tmp_path / "mon" / "boxes.csv").write_text(f"{head}a.jpg,3,3,20,20\n")
    (tmp_path / "tue" / "boxes.csv").write_text(f"{head}a.jpg,4,4,20,20\nb.jpg,5,5,20,20\n")
    found = boxes_of_photos(find_photos([tmp_path]), None, WantedBoxes(["fin"]))["fin"]
    assert {image: row.box.xmin for image, row in found.items()} == {
        "mon/a.jpg": 3, "tue/a.jpg": 4, "tue/b.jpg": 5, "wed/a.jpg": 2,
    }  # fmt: skip


def test_a_table_beside_that_names_none_of_the_photographs_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    (tmp_path / "boxes.csv").write_text("image,xmin,ymin,xmax,ymax\nnew/IMG.jpg,1,1,20,20\n")
    with pytest.raises(InputError, match=r"first name is 'new/IMG\.jpg'.* called 'a\.jpg'"):
        boxes_of_photos(find_photos([tmp_path]), None, WantedBoxes(["fin"]))
    touch(tmp_path / "new" / "IMG.jpg")  # then it is of another picture, and right
    assert boxes_of_photos(find_photos([tmp_path / "a.jpg"]), None, WantedBoxes(["fin"])) == {
        "fin": {}
    }
