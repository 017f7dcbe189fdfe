"""Reading boxes from every format: tables, JSON and XML files, and folders of them.

| file | from | read by |
|---|---|---|
| a table, by its header | this package, annotation tools, Happywhale | `formats/box_tables.py` |
| a folder of `<image>.txt`, lines `class cx cy w h [conf]` | YOLO | `formats/yolo.py` |
| JSON with images, annotations, categories | COCO | `formats/coco.py` |
| JSON with detections | MegaDetector, SpeciesNet, PytorchWildlife | `formats/megadetector.py` |
| XML, or a folder of `<image>.xml` | Pascal VOC, LabelImg | `formats/voc.py` |
| JSON with shapes, or a folder of `<image>.json` | LabelMe | `formats/labelme.py` |
| a table or JSON with regions | VGG Image Annotator | `formats/via.py` |
"""

from __future__ import annotations

import json
from pathlib import Path

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats.box_tables import table_rows
from tf_happywhale.catalogue.boxes.formats.cells import quoted
from tf_happywhale.catalogue.boxes.formats.coco import coco_rows, is_coco
from tf_happywhale.catalogue.boxes.formats.conventions import AUTO
from tf_happywhale.catalogue.boxes.formats.json_values import read_json
from tf_happywhale.catalogue.boxes.formats.labelme import is_labelme, labelme_rows
from tf_happywhale.catalogue.boxes.formats.megadetector import is_megadetector, megadetector_rows
from tf_happywhale.catalogue.boxes.formats.via import is_via, is_via_table, via_rows, via_table_rows
from tf_happywhale.catalogue.boxes.formats.voc import voc_rows
from tf_happywhale.catalogue.boxes.formats.yolo import label_files, yolo_rows
from tf_happywhale.catalogue.tables.reading import PLAIN, Reading
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.files import shown
from tf_happywhale.errors import InputError


def read_box_rows(path: Path, reading: Reading = PLAIN) -> list[BoxRow]:
    """Every row of a file or folder of boxes, in its order.

    Args:
        path: one of the formats above.
        reading: how tables are read, and what the four numbers of a `bbox` cell are.

    Raises:
        InputError: the file is missing, is in none of the formats, or a row is wrong or can be read
            in two ways. It names the line.
    """
    asked = None if reading.boxes_format == AUTO else reading.boxes_format
    if path.is_dir():
        return _folder_rows(path)
    kind = _kind(path)
    if kind == "<":
        return voc_rows([path], path.parent)
    if kind in ("{", "["):
        return _json_rows(path, asked)
    table = read_text_table(path, (), reading)
    return via_table_rows(table, path) if is_via_table(table) else table_rows(table, path, asked)


def _kind(path: Path) -> str:
    """The first character of a file that begins as XML or JSON does."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        start = file.read(1024)
    return start.decode(json.detect_encoding(start), "replace").lstrip()[:1]


def _json_rows(path: Path, asked: str | None) -> list[BoxRow]:
    tree = read_json(path)
    if is_megadetector(tree):
        return megadetector_rows(tree, path, asked)
    if is_coco(tree):
        return coco_rows(tree, path)
    if is_labelme(tree):
        return labelme_rows([(path, tree)], path.parent)
    if is_via(tree):
        return via_rows(tree, path)
    first = tree[0] if isinstance(tree, list) and tree else tree
    names = ",".join(map(str, first)) if isinstance(first, dict) else type(first).__name__
    raise InputError(
        f"{path} is JSON in an unknown format (it has {quoted(names)}): export the boxes as COCO, "
        "MegaDetector, LabelMe or VIA 2, or as a table."
    )


def _folder_rows(folder: Path) -> list[BoxRow]:
    """The rows of a folder with a file for each picture, all in one format."""
    texts, xml = label_files(folder), shown(folder.rglob("*.xml"))
    trees = [(file, read_json(file)) for file in shown(folder.rglob("*.json"))]
    labelme = [(file, tree) for file, tree in trees if is_labelme(tree)]
    kinds = {"YOLO's .txt": texts, "VOC's .xml": xml, "LabelMe's .json": labelme}
    there = [f"{len(files)} of {name}" for name, files in kinds.items() if files]
    if len(there) > 1:
        raise InputError(
            f"{folder} holds {' and '.join(there)}: name a folder with the files of one format."
        )
    if not there:
        raise InputError(
            f"{folder} holds no boxes: name a folder with one file for each image, YOLO's .txt, "
            "VOC's .xml or LabelMe's .json."
        )
    if xml:
        return voc_rows(xml, folder)
    return labelme_rows(labelme, folder) if labelme else yolo_rows(folder)
