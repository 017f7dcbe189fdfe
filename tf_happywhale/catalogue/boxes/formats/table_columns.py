"""The columns of a table of boxes, found by the names that people and programs give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER
from tf_happywhale.catalogue.boxes.formats.cells import quoted
from tf_happywhale.catalogue.boxes.formats.conventions import CORNERS, CXCYWH, XYWH
from tf_happywhale.errors import InputError

IMAGE = "image filename file_name file path image_path filepath image_name imagename img image_id"
SOURCE = "source label class category class_name label_name"
CONFIDENCE = "confidence conf score"
LEFT = "xmin x_min x1 left xtl bbox_x1 bbox_xmin"
TOP = "ymin y_min y1 top ytl bbox_y1 bbox_ymin"
RIGHT = "xmax x_max x2 right xbr bbox_x2 bbox_xmax"
BOTTOM = "ymax y_max y2 bottom ybr bbox_y2 bbox_ymax"
CENTRE_X = "cx xc x_center center_x xcenter x_centre centre_x bbox_cx"
CENTRE_Y = "cy yc y_center center_y ycenter y_centre centre_y bbox_cy"
WIDTH = "w bbox_w box_w bbox_width box_width width"
HEIGHT = "h bbox_h box_h bbox_height box_height height"
CELL = "bbox box bounding_box bboxes boxes"
ANGLE = "theta angle rotation bbox_theta bbox_angle rotation_angle"
PICTURE_WIDTH = "image_width img_width imagewidth picture_width img_w image_w width"
PICTURE_HEIGHT = "image_height img_height imageheight picture_height img_h image_h height"
LAYOUTS = (
    ((LEFT, TOP, RIGHT, BOTTOM), CORNERS),
    ((CENTRE_X, CENTRE_Y, WIDTH, HEIGHT), CXCYWH),
    ((f"x bbox_x box_x {LEFT}", f"y bbox_y box_y {TOP}", WIDTH, HEIGHT), XYWH),
)
READ = "image,source,xmin,ymin,xmax,ymax,confidence,origin"  # named in errors


@dataclass(frozen=True)
class BoxColumns:
    """What the columns of a table of boxes are called; None where there is no such column.

    Attributes:
        plain: the columns by their plain names: `image_name` for `#Image Name`.
        image: names of the photographs.
        four: the four columns of a box; empty if a box is in one cell.
        convention: what the four columns are: corners, or a corner or the centre and a size.
        cell: the column that holds a whole box.
        size: width and height of the picture on which the box was drawn.
        source, confidence, origin, number, angle: of the box.
    """

    plain: Mapping[str, str]
    image: str
    four: tuple[str, ...]
    convention: str | None
    cell: str | None
    size: tuple[str, str] | None
    source: str | None
    confidence: str | None
    origin: str | None
    number: str | None
    angle: str | None

    @property
    def numeric(self) -> tuple[str, ...]:
        """The columns that hold one number in a cell, without the confidence."""
        return (*self.four, *(self.size or ()), *((self.angle,) if self.angle else ()))


def find_columns(header: Iterable[str], path: Path) -> BoxColumns:
    """The columns of a table with this header.

    Raises:
        InputError: it has no column of images or of boxes.
    """
    header, plain = list(header), {}
    for column in header:
        plain.setdefault(plain_name(column), column)

    def first(names: str) -> str | None:
        return next((plain[name] for name in names.split() if name in plain), None)

    image, four, convention = first(IMAGE), (), None
    for layout, kind in LAYOUTS:
        columns = tuple(first(names) for names in layout)
        if all(columns):
            four, convention = columns, kind
            break
    cell = None if four else first(CELL)
    if image is None or not (four or cell):
        raise InputError(
            f"{path} cannot be read as a table of boxes: its header is "
            f"{quoted(','.join(header))}. {_remedy(plain)}"
        )
    taken = set(four)
    free = {name: column for name, column in plain.items() if column not in taken}
    size = tuple(
        next((free[name] for name in names.split() if name in free), None)
        for names in (PICTURE_WIDTH, PICTURE_HEIGHT)
    )
    return BoxColumns(
        plain,
        image,
        four,
        convention,
        cell,
        size if all(size) else None,
        source=first(SOURCE),
        confidence=first(CONFIDENCE),
        origin=first("origin"),
        number=first(BOX_NUMBER),
        angle=first(ANGLE),
    )


def plain_name(column: str) -> str:
    """A column's name as it is looked for: `image_name` for `#Image Name`."""
    return re.sub(r"[\s-]+", "_", column.strip().lstrip("#").strip().lower())


def _remedy(plain: Mapping[str, str]) -> str:
    """What to do about a header without the columns that are needed."""
    if {"imageid", "labelname"} <= set(plain):  # OpenImages
        return "Rename ImageID to image, remove Source, and rename LabelName to source."
    if "spatial_coordinates" in " ".join(plain):  # VIA 3
        return (
            "VIA 3 writes a rectangle as [2,x,y,width,height] in spatial_coordinates: write a "
            "table with the columns image,source,x,y,w,h, or annotate with VIA 2."
        )
    return f"Name the columns {READ}."
