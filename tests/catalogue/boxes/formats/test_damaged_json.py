"""A JSON file in which anything has changed is read or refused in a sentence: nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.errors import InputError

SEEN = {"category": "1", "conf": 0.5, "bbox": [0.1, 0.2, 0.3, 0.4]}
PIXELS = {"category": "animal", "confidence": 0.9, "bbox": [10, 20, 300, 400]}
RECT = {"name": "rect", "x": 1, "y": 2, "width": 30, "height": 40}
FILES = {
    "megadetector": {
        "detection_categories": {"1": "animal"},
        "images": [{"file": "a.jpg", "detections": [SEEN]}],
    },
    "newer": [{"file": "a.jpg", "detections": [PIXELS]}],
    "wildlife": {
        "annotations": [
            {"img_id": "a.jpg", "bbox": [[1, 2, 30, 40]], "category": [0], "confidence": [0.5]}
        ],
        "categories": {"0": "animal"},
    },
    "coco": {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "segmentation": [[1, 2, 3]]}
        ],
        "categories": [{"id": 1, "name": "fin"}],
    },
    "labelme": {
        "shapes": [{"label": "fin", "points": [[1, 2], [30, 40]], "shape_type": "rectangle"}],
        "imagePath": "boxes.jpg",
        "imageWidth": 640,
        "imageHeight": 480,
    },
    "via": {
        "a": {
            "filename": "a.jpg",
            "regions": [{"shape_attributes": RECT, "region_attributes": {"label": "fin"}}],
        }
    },
}
VALUES = [None, True, "x", "", [], {}, -1, 0, 3.5, float("nan"), [[]], {"a": 1}, [1, 2, 3, 4]]
GONE = object()


def places(tree: Any, above: tuple = ()) -> Iterator[tuple]:
    """The keys that lead to each value of a tree."""
    if not isinstance(tree, dict | list):
        return
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (*above, key)
        yield from places(value, (*above, key))


def changed(tree: Any, place: tuple, value: Any) -> Any:
    tree = copy.deepcopy(tree)
    home = tree
    for key in place[:-1]:
        home = home[key]
    if value is GONE:
        del home[place[-1]]
    else:
        home[place[-1]] = value
    return tree


@pytest.mark.parametrize("kind", FILES)
def test_any_change_is_read_or_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    file, tree = tmp_path / "boxes.json", FILES[kind]
    file.write_text(json.dumps(tree))
    assert len(read_box_rows(file)) == 1
    for place in places(tree):
        for value in (*VALUES, GONE):
            file.write_text(json.dumps(changed(tree, place, value)))
            try:
                read_box_rows(file)
            except InputError as error:
                assert str(file) in str(error) and len(str(error)) < 500
