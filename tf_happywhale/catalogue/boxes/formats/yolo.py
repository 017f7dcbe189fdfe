"""YOLO's text files: a folder of `<image>.txt`, lines `class cx cy w h [confidence]`."""

from __future__ import annotations

from pathlib import Path

import yaml

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats.cells import quoted, to_number
from tf_happywhale.catalogue.boxes.formats.conventions import (
    CXCYWH,
    RowAndNumbers,
    rows_with_boxes,
    with_numbers,
)
from tf_happywhale.disk.files import shown
from tf_happywhale.errors import InputError

NO_LABELS = ("classes.txt", "train.txt", "val.txt", "test.txt")


def label_files(folder: Path) -> list[Path]:
    """The label files below a folder, by name."""
    return [
        file
        for file in shown(folder.rglob("*.txt"))
        if file.name not in NO_LABELS and not file.name.lower().startswith("readme.")
    ]


def yolo_rows(folder: Path) -> list[BoxRow]:
    """The rows of all label files of a folder; an image's name lacks its ending.

    Raises:
        InputError: a file is not text, or a line is not `class cx cy w h` in shares of the picture.
    """
    classes = _class_names(folder)
    found: list[RowAndNumbers] = []
    for file in label_files(folder):
        image = file.relative_to(folder).with_suffix("").as_posix()
        lines = [(n, line) for n, line in enumerate(_text(file).splitlines(), 1) if line.strip()]
        if not lines:
            found.append((BoxRow(image, stem=True, where=str(file)), None))
        for number, line in lines:
            if len(line.split()) not in (5, 6):
                raise InputError(
                    f"{file}: the line {quoted(line)} must be `class cx cy w h` or `class cx cy w "
                    "h confidence`; outlines (segmentation labels) must be exported as boxes."
                )
            found.append(_box(line.split(), image, classes, f"Line {number} of {file}"))
    remedy = "Give `class cx cy w h` as shares of the picture."
    return rows_with_boxes(found, CXCYWH, shares=True, remedy=remedy)


def _box(cells: list[str], image: str, classes: dict[str, str], where: str) -> RowAndNumbers:
    four = tuple(to_number(cell, f"{where}:") for cell in cells[1:5])
    confidence = to_number(cells[5], f"{where}: the confidence") if len(cells) > 5 else 0.0
    if not 0 <= confidence <= 1:
        raise InputError(
            f"{where}: the sixth number {quoted(cells[5])} is not a confidence from 0 to 1: remove "
            "it if it is something else."
        )
    kind = f"{to_number(cells[0], f'{where}: the class'):g}"
    if classes and kind not in classes:
        raise InputError(
            f"{where} is of class {quoted(kind)}, which classes.txt or data.yaml does not list: "
            "add its name there."
        )
    row = BoxRow(image, classes.get(kind, ""), None, confidence, stem=True, where=where)
    return with_numbers(row, four)


def _class_names(folder: Path) -> dict[str, str]:
    """Name of each class number, from `classes.txt` or `data.yaml` in the folder or above it."""
    for place in (folder, folder.parent):
        if (place / "classes.txt").is_file():
            names = _text(place / "classes.txt").split("\n")
            return {str(n): name.strip() for n, name in enumerate(names)}
        if (place / "data.yaml").is_file():
            try:
                tree = yaml.safe_load(_text(place / "data.yaml"))
            except yaml.YAMLError:
                raise InputError(
                    f"{place / 'data.yaml'} is not a YAML file: correct it or remove it."
                ) from None
            names = (tree.get("names") if isinstance(tree, dict) else None) or []
            if not isinstance(names, dict | list):
                raise InputError(
                    f"{place / 'data.yaml'}: names {quoted(names)} is not a list: write "
                    "them as [fin, fluke]."
                )
            pairs = names.items() if isinstance(names, dict) else enumerate(names)
            return {str(n): str(name) for n, name in pairs}
    return {}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text: save it as UTF-8.") from None
