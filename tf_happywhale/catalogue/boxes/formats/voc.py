"""Pascal VOC's XML, as LabelImg writes it: one file for each picture, corners in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.formats.annotated_picture import annotated_picture
from tf_happywhale.catalogue.boxes.formats.cells import quoted, to_number
from tf_happywhale.catalogue.boxes.formats.conventions import (
    CORNERS,
    RowAndNumbers,
    rows_with_boxes,
    with_numbers,
)
from tf_happywhale.errors import InputError


def voc_rows(files: Sequence[Path], folder: Path) -> list[BoxRow]:
    """The rows of XML files. A picture without objects has a row without a box.

    Args:
        files: those of one folder, all in one convention.
        folder: to which the pictures' names are relative.

    Raises:
        InputError: a file is not in this format, or is of a picture of another name.
    """
    found: list[RowAndNumbers] = []
    for file in files:
        root = _parse(file)
        if root.tag != "annotation":
            raise InputError(
                f"{file} is not a VOC annotation but begins with {quoted(root.tag)}: export it as "
                "Pascal VOC, COCO or YOLO."
            )
        image = annotated_picture(root.findtext("filename") or "", file, folder)
        size = _size(root, file)
        objects = root.findall("object")
        if not objects:
            found.append((BoxRow(image, where=str(file)), None))
        for place, thing in enumerate(objects, start=1):
            where = f"{file}: object {place}"
            row = BoxRow(image, (thing.findtext("name") or "").strip(), where=where)
            found.append(with_numbers(row, _four(thing, where), size))
    return rows_with_boxes(found, CORNERS, shares=False)


def _parse(file: Path) -> ElementTree.Element:
    """The file's tree. A file that declares entities is refused, since they may be endless or name
    other files."""
    encoded = file.read_bytes()
    check = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise InputError(f"{file} has a DOCTYPE, which an annotation does not need: remove it.")

    check.StartDoctypeDeclHandler = refuse
    try:
        check.Parse(encoded, True)
        return ElementTree.fromstring(encoded)
    except (expat.ExpatError, ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{file} cannot be read as XML ({error}): export it again.") from None


def _size(root: ElementTree.Element, file: Path) -> tuple[float, float] | None:
    texts = [root.findtext(f"size/{side}") for side in ("width", "height")]
    if any(text is None for text in texts):
        return None
    width, height = (to_number(text, f"{file}: the picture's size") for text in texts)
    return (width, height) if width > 0 and height > 0 else None


def _four(thing: ElementTree.Element, where: str) -> tuple[float, ...]:
    box = thing.find("bndbox")
    if box is None:
        turned = thing.find("robndbox") is not None
        what = "a turned box, and only upright boxes can be read" if turned else "no bndbox"
        raise InputError(f"{where} has {what}: export it with an upright box.")
    four = []
    for name in ("xmin", "ymin", "xmax", "ymax"):
        text = box.findtext(name)
        if text is None:
            raise InputError(f"{where} lacks {name}: export it again.")
        four.append(to_number(text, f"{where}: {name}"))
    return tuple(four)
