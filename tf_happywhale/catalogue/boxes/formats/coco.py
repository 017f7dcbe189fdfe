"""COCO's JSON: images, annotations and categories; a bbox is left, top, width, height in pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats.cells import quoted, to_number
from tf_happywhale.catalogue.boxes.formats.conventions import (
    XYWH,
    RowAndNumbers,
    rows_with_boxes,
    with_numbers,
)
from tf_happywhale.catalogue.boxes.formats.json_values import expect, field, four_numbers, size_of
from tf_happywhale.catalogue.boxes.formats.shapes import around
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once

ANGLES = ("theta", "rotation", "angle")


def is_coco(tree: Any) -> bool:
    """Whether a JSON file is in this format."""
    return (
        isinstance(tree, dict)
        and isinstance(tree.get("images"), list)
        and isinstance(tree.get("annotations"), list)
    )


def coco_rows(tree: dict, path: Path) -> list[BoxRow]:
    """The rows of a COCO file. Sources are the names of the categories, crowds are left out, and an
    image without annotations has a row without a box. Of an outline without a bbox, the box around
    it is taken.

    Raises:
        InputError: something is missing or wrong.
    """
    images: dict[Any, tuple[str, tuple[float, float] | None]] = {}
    for place, image in enumerate(tree["images"], start=1):
        where = f"{path}: image {place}"
        name = field(image, "file_name", str, where)
        if not isinstance(image.get("id"), int | str):
            raise InputError(f"{where} has no id: export the file again.")
        if image["id"] in images:
            raise InputError(
                f"{where} has the same id as another image, {quoted(image['id'])}: correct it."
            )
        images[image["id"]] = name, size_of(image, "width", "height")
    sources = {
        category.get("id"): field(category, "name", str, f"{path}: a category")
        for category in expect(tree.get("categories") or [], list, f"{path}: categories")
        if isinstance(category, dict) and isinstance(category.get("id"), int | str)
    }
    found = list(_annotations(tree["annotations"], images, sources, path))
    boxed = {row.image for row, _ in found}
    crowds = [one for one in tree["annotations"] if one.get("iscrowd")]
    without = {images[one["image_id"]][0] for one in crowds} - boxed
    if without:
        say_once(
            f"{path}: {len(without)} photographs have only annotations of crowds (iscrowd), such "
            f"as {quoted(min(without))}, and no box: export each animal separately."
        )
    found += [
        (BoxRow(name, where=str(path)), None) for name, _ in images.values() if name not in boxed
    ]
    remedy = "In COCO's format a box is left, top, width, height in pixels."
    return rows_with_boxes(found, XYWH, shares=False, remedy=remedy)


def _annotations(
    annotations: list, images: dict, sources: dict, path: Path
) -> Iterator[RowAndNumbers]:
    for place, annotation in enumerate(annotations, start=1):
        where = f"{path}: annotation {place}"
        if not isinstance(annotation, dict):
            raise InputError(f"{where} {quoted(annotation)} is not an object: correct the file.")
        image = annotation.get("image_id")
        if isinstance(image, dict | list) or image not in images:
            raise InputError(
                f"{where} is of image {quoted(image)}, which the file does not list: export it "
                "again."
            )
        if annotation.get("iscrowd"):
            continue
        name, size = images[image]
        category = annotation.get("category_id")
        if sources and (isinstance(category, dict | list) or category not in sources):
            raise InputError(
                f"{where} is of category {quoted(category)}, which the file does not list: export "
                "it again."
            )
        sure = annotation.get("score")
        confidence = 0.0 if sure is None else to_number(sure, f"{where}: the score")
        row = BoxRow(name, sources.get(category, ""), None, confidence, where=where)
        yield with_numbers(row, _four(annotation, where), size)


def _four(annotation: dict, where: str) -> tuple[float, float, float, float] | None:
    """Left, top, width, height; None if an annotation marks nothing."""
    box, outline = annotation.get("bbox"), annotation.get("segmentation")
    more = annotation.get("attributes")
    said = {**(more if isinstance(more, dict) else {}), **annotation}
    angle = next((said[name] for name in ANGLES if said.get(name)), 0)
    if box and not angle:
        return four_numbers(box, where)
    if isinstance(outline, list) and outline:
        parts = [part for part in outline if isinstance(part, list)]
        points = [
            [part[place], part[place + 1]] for part in parts for place in range(0, len(part) - 1, 2)
        ]
        left, top, right, bottom = around(points, where)
        return left, top, right - left, bottom - top
    if angle:
        raise InputError(
            f"{where}: the box is turned (by {quoted(angle)}), and only upright boxes can be read: "
            "export the outline too, or the upright box around it."
        )
    if outline:
        raise InputError(f"{where} has an outline that cannot be read: export the bbox too.")
    return None
