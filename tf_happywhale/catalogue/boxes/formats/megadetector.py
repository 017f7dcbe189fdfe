"""JSON of detectors for camera traps. Three kinds of file are called MegaDetector's.

- `{"images": [{"file", "detections": [{"category", "conf", "bbox"}]}], "detection_categories"}`:
  left, top, width, height, as shares of the picture.
- `[{"file", "detections": [{"category", "confidence", "bbox"}]}]`: corners in pixels.
- `{"annotations": [{"img_id", "bbox": [[…]], "category": […], "confidence": […]}]}`: corners in
  pixels, from PytorchWildlife.

SpeciesNet's `{"predictions": [{"filepath", "detections"}]}` is like the first. A box of `animal`
does not say which part of the animal is in it; people and vehicles are sources of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats.cells import quoted, to_number
from tf_happywhale.catalogue.boxes.formats.conventions import (
    CORNERS,
    XYWH,
    RowAndNumbers,
    rows_with_boxes,
    with_numbers,
)
from tf_happywhale.catalogue.boxes.formats.four_numbers import PIXELS
from tf_happywhale.catalogue.boxes.formats.json_values import expect, field, four_numbers
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once

ANIMAL = "animal"
USUAL = {"1": ANIMAL, "2": "person", "3": "vehicle"}
WILDLIFE = {"0": ANIMAL, "1": "person", "2": "vehicle"}  # PytorchWildlife counts from 0
NO_ANIMALS = ("person", "vehicle")


def is_megadetector(tree: Any) -> bool:
    """Whether a JSON file is one of these."""
    if isinstance(tree, list):
        return bool(tree) and isinstance(tree[0], dict) and "detections" in tree[0]
    if not isinstance(tree, dict):
        return False
    if "detection_categories" in tree or "predictions" in tree:
        return True
    images, annotations = tree.get("images"), tree.get("annotations")
    return _first_has(images, "detections") or _first_has(annotations, "img_id")


def megadetector_rows(tree: Any, path: Path, asked: str | None) -> list[BoxRow]:
    """The rows of such a file; a photograph without detections has a row without a box.

    Args:
        tree: what the file holds.
        path: its name, for errors.
        asked: the convention that the settings name, for a list of shares.

    Raises:
        InputError: something is missing or wrong, or the numbers do not fit the format.
    """
    if isinstance(tree, list):
        found = list(_detections(tree, "file", WILDLIFE, path))
        numbers = [four for _, four in found if four]
        small = all(max(map(abs, four.four)) < PIXELS for four in numbers)
        return rows_with_boxes(found, asked if numbers and small else CORNERS)
    if "annotations" in tree:
        return rows_with_boxes(_wildlife(tree, path), CORNERS, shares=False)
    categories = tree.get("detection_categories", USUAL)
    names = _texts(categories, f"{path}: detection_categories")
    if "predictions" in tree:
        images, key = field(tree, "predictions", list, str(path)), "filepath"
    else:
        images, key = field(tree, "images", list, str(path)), "file"
    remedy = "In this format a box is left, top, width, height, each from 0 to 1."
    found = _detections(images, key, names, path)
    return rows_with_boxes(found, XYWH, shares=True, remedy=remedy)


def _detections(
    images: Sequence, key: str, names: dict[str, str], path: Path
) -> Iterator[RowAndNumbers]:
    _say_failures(images, key, path)
    for place, image in enumerate(images):
        name = field(image, key, str, f"{path}: image {place + 1}")
        where = f"{path}: {name}"
        detections = image.get("detections") or []
        if not detections:
            yield BoxRow(name, where=where), None
        for detection in expect(detections, list, f"{where}: detections"):
            four = four_numbers(field(detection, "bbox", list, where), where)
            sure = detection.get("conf", detection.get("confidence", 0))
            yield with_numbers(_row(name, detection.get("category"), sure, names, where), four)


def _say_failures(images: Sequence, key: str, path: Path) -> None:
    """Print how many photographs the detector could not read: they may still show animals."""
    failed = [
        one
        for one in images
        if isinstance(one, dict)
        and not one.get("detections")
        and (one.get("failure") or one.get("failures"))
    ]
    if failed:
        why = failed[0].get("failure") or failed[0]["failures"]
        say_once(
            f"{path}: the detector failed on {len(failed)} of {len(images)} photographs, such as "
            f"{quoted(failed[0].get(key))} ({quoted(why)}): they have no box."
        )


def _wildlife(tree: dict, path: Path) -> Iterator[RowAndNumbers]:
    categories = tree.get("categories") or WILDLIFE
    names = _texts(categories, f"{path}: categories")
    for place, image in enumerate(field(tree, "annotations", list, str(path))):
        name = field(image, "img_id", str, f"{path}: annotation {place + 1}")
        where = f"{path}: {name}"
        boxes, kinds, sure = (
            field(image, key, list, where) for key in ("bbox", "category", "confidence")
        )
        if not len(boxes) == len(kinds) == len(sure):
            raise InputError(
                f"{where} has {len(boxes)} boxes, {len(kinds)} categories and {len(sure)} "
                "confidences: export the file again."
            )
        if not boxes:
            yield BoxRow(name, where=where), None
        for box, kind, one in zip(boxes, kinds, sure, strict=True):
            yield with_numbers(_row(name, kind, one, names, where), four_numbers(box, where))


def _row(image: str, category: Any, sure: Any, names: dict[str, str], where: str) -> BoxRow:
    confidence = to_number(sure, f"{where}: the confidence")
    if not isinstance(category, str | int) or isinstance(category, bool):
        raise InputError(
            f"{where}: the category {quoted(category)} is neither a number nor a name: correct it."
        )
    source = names.get(str(category), str(category))
    return BoxRow(image, "" if source == ANIMAL else source, None, confidence, where=where)


def _texts(categories: Any, what: str) -> dict[str, str]:
    return {str(key): str(name) for key, name in expect(categories, dict, what).items()}


def _first_has(entries: Any, key: str) -> bool:
    return isinstance(entries, list) and any(
        isinstance(entry, dict) and key in entry for entry in entries[:1]
    )
