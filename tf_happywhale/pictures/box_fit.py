"""Checks of whether boxes lie in their pictures, or were drawn on other pictures."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tf_happywhale.catalogue.boxes.box import AnyBox, Box
from tf_happywhale.cores import usable_cores
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.jpeg_header import read_jpeg_header

INSIDE = 0.5  # a smaller share of a box inside its picture is an error
SHAPE = 0.03  # by so much width to height of two pictures of one shape may differ
HEAD = 2**18  # bytes in which most JPEGs say their size
Boxed = tuple[str, Path, AnyBox]  # name, file and box


def misfits(boxed: Iterable[Boxed]) -> list[str]:
    """Return a sentence for each way in which boxes do not fit their pictures, with the number of
    boxes.

    Pictures that cannot be read are left out; their reader names them.

    Raises:
        InputError: boxes were drawn on a picture that lay on its side, so that they cover other
            pixels.
    """
    boxed = list(boxed)
    paths = list(dict.fromkeys(path for _, path, _ in boxed))
    with ThreadPoolExecutor(usable_cores()) as workers:
        sizes = dict(zip(paths, workers.map(_size, paths), strict=True))
    known = [(name, box, sizes[path]) for name, path, box in boxed if sizes[path]]
    found: dict[str, list[str]] = {}
    for name, box, (width, height) in known:
        kind = misfit(box, width, height)
        drawn_on = getattr(box, "drawn_on", None) or (0, 0)
        if kind == "turned":
            raise InputError(
                f"The box of {name} was drawn on a picture of {drawn_on[0]:g} by {drawn_on[1]:g}, "
                f"but upright it is {width} by {height}: export the boxes from a program that "
                "turns pictures upright, or without the picture's size if they are right."
            )
        if kind:
            example = f"{name}, which is {width} by {height}"
            if kind == "shape":
                example += f" but was drawn on at {drawn_on[0]:g} by {drawn_on[1]:g}"
            found.setdefault(kind, []).append(example)
    said = {
        "outside": "lie outside their picture, and the whole picture is used",
        "beyond": "lie mostly outside their picture, and the part inside is used",
        "shape": "were drawn on a picture of another shape, and are right only if it was stretched",
    }
    remedy = {"outside": ". Were they drawn on another size?"}
    remedy["beyond"] = remedy["outside"]
    return [
        f"{len(found[kind])} of {len(known)} boxes {what}: the first is of {found[kind][0]}"
        + remedy.get(kind, "")
        for kind, what in said.items()
        if kind in found
    ]


def misfit(box: AnyBox, width: int, height: int) -> str:
    """Return how a box does not fit an upright picture of this size: it lies `outside` or mostly
    `beyond` it, or was drawn on one of another `shape` or `turned` by a quarter; empty: it fits.
    """
    drawn_on = getattr(box, "drawn_on", None)
    if drawn_on:
        ratio, own = drawn_on[0] / drawn_on[1], width / height
        if abs(ratio / own - 1) > SHAPE:
            return "turned" if abs(ratio * own - 1) <= SHAPE else "shape"
    inside = box.clip(width, height)
    if inside is None:
        return "outside"
    across, down = (1, 1) if isinstance(box, Box) else (width, height)
    area = (box.xmax - box.xmin) * across * (box.ymax - box.ymin) * down
    share = (inside.xmax - inside.xmin) * (inside.ymax - inside.ymin) / area
    return "beyond" if share < INSIDE else ""


def _size(path: Path) -> tuple[int, int] | None:
    """Return the width and height of the upright picture; None if it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            header = read_jpeg_header(head)
            if header:
                return header.upright
            from tf_happywhale.pictures.jpeg_region import picture_size  # which imports TensorFlow

            return picture_size(head + file.read(), str(path))
    except (OSError, InputError):
        return None
