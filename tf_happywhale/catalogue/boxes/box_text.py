"""A box as text, `source xmin ymin xmax ymax` in pixels, and back."""

from __future__ import annotations

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.corner_cells import CORNERS, corner_cells

COLUMNS = ("source", *CORNERS)


def box_text(source: str, box: Box) -> str:
    """Return a box as text, such as `fullbody 10 20 300 200`."""
    return f"{source} {box.xmin} {box.ymin} {box.xmax} {box.ymax}"


def parse_box(text: str) -> tuple[str, Box]:
    """Return the source and the pixels of a box that is written as text."""
    source, *corners = text.rsplit(" ", 4)
    return source, Box(*map(int, corners))


def box_cells(text: str, key: str) -> dict[str, str]:
    """Return the cells of `COLUMNS` for a box that is written as text; empty ones for no box.

    Args:
        text: see `box_text`; empty for no box.
        key: of the animal in the box.

    Raises:
        InputError: see `corner_cells`.
    """
    if not text:
        return dict.fromkeys(COLUMNS, "")
    source, box = parse_box(text)
    return {"source": source, **corner_cells((box.xmin, box.ymin, box.xmax, box.ymax), key)}
