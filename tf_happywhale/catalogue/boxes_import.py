"""Boxes as others write them: tables told apart by their header, and YOLO's text folders.

| header or file | from |
|---|---|
| `image,source,xmin,ymin,xmax,ymax,confidence,origin`, maybe `box_number` | this package |
| `image,label,xmin,ymin,xmax,ymax,width,height` | annotation tools; `width,height` of the picture |
| `image,bbox,conf`, a bbox like `[[0  103  803  656]]` | YOLOv5 crops of Happywhale notebooks |
| `image,…,box`, a box like `0 103 803 656` | Happywhale data sets |
| `filename,x,y,w,h` | Happywhale data sets |
| a folder of `<image>.txt`, lines `class cx cy w h [conf]` | YOLO |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import yaml

from tf_happywhale.catalogue.animal import BOX_NUMBER, number_of
from tf_happywhale.catalogue.boxes import (
    BoxRow,
    RelativeBox,
    is_manual,
    number,
    outwards,
    parse_box,
)
from tf_happywhale.catalogue.table import read_text_table
from tf_happywhale.errors import InputError

NO_LABELS = ("classes.txt", "README.txt", "train.txt", "val.txt", "test.txt")


def read_box_rows(path: Path) -> list[BoxRow]:
    """Every row of a boxes table or YOLO folder.

    Raises:
        InputError: the file is missing, or in none of the formats above.
    """
    if path.is_dir():
        return list(_yolo_rows(path))
    table = read_text_table(path, ())
    columns = set(table.columns)
    if {"image", "xmin", "ymin", "xmax", "ymax"} <= columns:
        return list(_corner_rows(table, path))
    if {"image", "bbox"} <= columns:
        return list(_text_rows(table, "bbox", path))
    if {"image", "box"} <= columns:
        return list(_text_rows(table, "box", path))
    if {"filename", "x", "y", "w", "h"} <= columns:
        return list(_size_rows(table))
    raise InputError(
        f"{path} is no table of boxes that can be read, its header is {','.join(table.columns)}: "
        "name the columns image,source,xmin,ymin,xmax,ymax,confidence,origin."
    )


def _corner_rows(table: pd.DataFrame, path: Path) -> Iterator[BoxRow]:
    """Corners in columns, of the picture or of one `width` by `height`."""
    for line, row in enumerate(table.to_dict("records"), start=2):
        corners = [row[name] for name in ("xmin", "ymin", "xmax", "ymax")]
        width, height = (number(row.get(side, ""), 0) for side in ("width", "height"))
        box = parse_box(*corners)
        if box and width > 0 and height > 0:
            left, top, right, bottom = map(float, corners)
            box = RelativeBox(left / width, top / height, right / width, bottom / height)
        source = row.get("source", row.get("label", ""))
        confidence = number(row.get("confidence", row.get("conf", "")), 0)
        manual = is_manual(row.get("origin", ""))
        absent = manual and not any(map(str.strip, corners))
        cell = row.get(BOX_NUMBER, "").strip()
        which = number_of(cell, f"Line {line} of {path.name}") if cell else 0
        yield BoxRow(row["image"], source, box, confidence, manual, absent=absent, number=which)


def _text_rows(table: pd.DataFrame, column: str, path: Path) -> Iterator[BoxRow]:
    """Corners in one cell, of several boxes the first; an empty or NaN cell is no box."""
    for line, row in enumerate(table.to_dict("records"), start=2):
        corners = re.findall(r"[^\s,\[\]()]+", row[column])
        if 1 < len(corners) < 4:
            raise InputError(
                f"{path} line {line}: {column} {row[column]!r} must be four numbers x1 y1 x2 y2."
            )
        box = parse_box(*corners[:4]) if len(corners) >= 4 else None
        confidence = re.findall(r"[^\s,\[\]()]+", row.get("conf", row.get("confidence", "")))
        yield BoxRow(row["image"], "", box, number(confidence[0] if confidence else "", 0))


def _size_rows(table: pd.DataFrame) -> Iterator[BoxRow]:
    """Top left corner, width and height in columns."""
    for row in table.to_dict("records"):
        x, y, w, h = (number(row[name], float("nan")) for name in "xywh")
        confidence = number(row.get("conf", row.get("confidence", "")), 0)
        yield BoxRow(row["filename"], "", outwards(x, y, x + w, y + h), confidence)


def _yolo_rows(folder: Path) -> Iterator[BoxRow]:
    """Centre, width and height in shares of the picture's; one text file an image."""
    classes = _class_names(folder)
    files = [file for file in sorted(folder.rglob("*.txt")) if file.name not in NO_LABELS]
    if not files:
        raise InputError(f"{folder} holds no YOLO label files: there must be an <image>.txt each.")
    for file in files:
        image = file.relative_to(folder).with_suffix("").as_posix()
        for line in _text(file).splitlines():
            cells = line.split()
            if not cells:
                continue
            if len(cells) not in (5, 6):
                raise InputError(
                    f"{file}: the line {line[:80]!r} must be `class cx cy w h` or `class cx cy w h "
                    "confidence`; outlines (segmentation labels) must be exported as boxes."
                )
            shares = cx, cy, w, h = [number(cell, float("nan")) for cell in cells[1:5]]
            box = None
            if w > 0 and h > 0 and all(abs(share) < 10 for share in shares):
                box = RelativeBox(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
            confidence = number(cells[5], 0) if len(cells) > 5 else 0
            yield BoxRow(image, classes.get(cells[0], ""), box, confidence, stem=True)


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
                    f"{place / 'data.yaml'} is no YAML file: correct it or take it away."
                ) from None
            names = tree.get("names", []) if isinstance(tree, dict) else []
            pairs = names.items() if isinstance(names, dict) else enumerate(names)
            return {str(n): str(name) for n, name in pairs}
    return {}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text: save it as UTF-8.") from None
