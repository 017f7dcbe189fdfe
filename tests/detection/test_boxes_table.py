from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes.best_boxes import best_boxes
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.detection import boxes_table
from tf_happywhale.detection.boxes_table import write_boxes
from tf_happywhale.detection.detections import Detection
from tf_happywhale.errors import InputError

FIN = Detection("backfin", 1.25, 2, 30.5, 40.129, 0.87654)


def test_the_catalogue_reads_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "boxes.csv"
    write_boxes(path, ["b.jpg", "a.jpg"], {"a.jpg": [FIN], "b.jpg": []}, "yolov5n")
    assert path.read_text(encoding="utf-8").splitlines() == [
        "image,source,xmin,ymin,xmax,ymax,confidence,origin",
        "a.jpg,backfin,1.25,2.00,30.50,40.13,0.8765,yolov5n",
    ]
    boxes = best_boxes(read_box_rows(path), "backfin", [], path)
    assert boxes == {"a.jpg": Box(1, 2, 31, 41)}


def test_corrected_rows_stay_and_replace_detected_ones(tmp_path: Path) -> None:
    path = tmp_path / "boxes.csv"
    images = ["09913.jpg", "b.jpg", "c.jpg"]
    write_boxes(path, images, {image: [FIN] for image in images}, "yolov5n")
    text = path.read_text(encoding="utf-8")
    corrected = text.replace(
        "b.jpg,backfin,1.25,2.00,30.50,40.13,0.8765,yolov5n",
        "b.jpg,backfin,5,6,7,8,,manual\ngone.jpg,backfin,1,1,2,2,,Manual",
    )
    path.write_text(corrected, encoding="utf-8")
    moved = Detection("backfin", 0, 0, 9, 9, 0.99)
    table = write_boxes(path, images, {image: [moved] for image in images}, "yolov5s")
    assert list(table["image"]) == ["09913.jpg", "b.jpg", "b.jpg", "c.jpg", "gone.jpg"]
    assert list(table["origin"]) == ["yolov5s", "yolov5s", "manual", "yolov5s", "Manual"]
    boxes = best_boxes(read_box_rows(path), "backfin", [], path)
    assert boxes["b.jpg"] == Box(5, 6, 7, 8)
    assert boxes["c.jpg"] == Box(0, 0, 9, 9)
    once = path.read_bytes()
    write_boxes(path, images, {image: [moved] for image in images}, "yolov5s")
    assert path.read_bytes() == once


def test_a_corrected_row_without_manual_is_not_replaced(tmp_path: Path) -> None:
    path, images = tmp_path / "boxes.csv", ["a.jpg", "b.jpg"]
    boxes = {image: [FIN] for image in images}
    write_boxes(path, images, boxes, "yolov5n")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("1.25,2.00", "1.250,2"), encoding="utf-8")  # a spreadsheet's
    write_boxes(path, images, boxes, "yolov5s")
    corrected = path.read_text(encoding="utf-8").replace("b.jpg,backfin,1.25", "b.jpg,backfin,1.5")
    path.write_text(corrected, encoding="utf-8")
    with pytest.raises(
        InputError, match=r"^Line 3 of .*boxes\.csv: the box of b\.jpg was corr.*manual"
    ):
        write_boxes(path, images, boxes, "yolov5n")
    assert path.read_text(encoding="utf-8") == corrected
    path.write_text(corrected.removesuffix("yolov5s\n") + "manual\n", encoding="utf-8")
    table = write_boxes(path, images, boxes, "yolov5n")
    assert list(table["xmin"]) == ["1.25", "1.25", "1.5"]


@pytest.mark.parametrize("killed_at", [0, 1, 2])
def test_a_kill_makes_no_correction_of_a_detected_box(
    tmp_path: Path, monkeypatch, killed_at: int
) -> None:
    path, moved = tmp_path / "boxes.csv", Detection("backfin", 0, 0, 9, 9, 0.9)
    write_boxes(path, ["a.jpg"], {"a.jpg": [FIN]}, "yolov5n")
    writes, write = [], boxes_table.write_csv

    def killed(file: Path, table) -> None:
        writes.append(file)
        if len(writes) > killed_at:
            raise KeyboardInterrupt
        write(file, table)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(boxes_table, "write_csv", killed)
        write_boxes(path, ["a.jpg"], {"a.jpg": [moved]}, "yolov5n")
    assert list(write_boxes(path, ["a.jpg"], {"a.jpg": [moved]}, "yolov5n")["xmin"]) == ["0.00"]


def test_no_box_at_all_is_a_table_with_a_header(tmp_path: Path) -> None:
    path = tmp_path / "boxes.csv"
    assert write_boxes(path, ["a.jpg"], {}, "yolov5n").empty
    assert path.read_text(encoding="utf-8").startswith("image,source,")


def test_what_a_person_wrote_beside_a_corrected_box_stays(tmp_path: Path) -> None:
    """The number of an animal, a note."""
    path = tmp_path / "boxes.csv"
    path.write_text(
        "image,source,xmin,ymin,xmax,ymax,confidence,origin,box_number,note\n"
        "a.jpg,backfin,5,6,7,8,,manual,2,calf\n"
    )
    for _ in range(2):
        write_boxes(path, ["a.jpg"], {"a.jpg": [FIN]}, "yolov5n")
        assert path.read_text(encoding="utf-8").splitlines()[1:] == [
            "a.jpg,backfin,1.25,2.00,30.50,40.13,0.8765,yolov5n,,",
            "a.jpg,backfin,5,6,7,8,,manual,2,calf",
        ]
