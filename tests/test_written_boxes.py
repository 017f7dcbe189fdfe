"""Boxes in pixels are read as they were written, by whatever writes a table of them; or it refuses
to, with a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.exchange.sighted import row
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.box_text import box_text
from tf_happywhale.catalogue.boxes.corner_cells import can_be_written
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.tables.reading import PLAIN
from tf_happywhale.config import Detect
from tf_happywhale.detection.box_choice import TOO_SMALL, select_boxes
from tf_happywhale.detection.boxes_table import write_boxes
from tf_happywhale.detection.detections import Detection, Seen
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.formats import megadetector
from tf_happywhale.exchange.new_catalogue import catalogue_package
from tf_happywhale.galleries.catalogue_boxes import table_with_boxes
from tf_happywhale.galleries.confirmed import ConfirmedAnimal
from tf_happywhale.galleries.gallery_tables import export_catalogue
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.server.catalogue.box_table import rows_to_write, write_box_rows

WIDTH, HEIGHT = 60, 40  # of every photograph
CORNER = Box(0, 0, 1, 1)
Boxes = Sequence[Box]


def names(boxes: Boxes) -> list[str]:
    return [f"{number}.jpg" for number in range(len(boxes))]


def by_server(boxes: Boxes, folder: Path) -> Path:
    """`boxes.csv` of a trip, or of a catalogue that is made in the browser."""
    rows = [BoxRow(name, "fin", box) for name, box in zip(names(boxes), boxes, strict=True)]
    write_box_rows(folder / "boxes.csv", rows_to_write(rows, dict.fromkeys(names(boxes), folder)))
    return folder / "boxes.csv"


def by_adding(boxes: Boxes, folder: Path) -> Path:
    """`boxes.csv` of a catalogue to which animals are added."""
    confirmed = [
        ConfirmedAnimal(name, "Ann", "", "", None, box_text("fin", box))
        for name, box in zip(names(boxes), boxes, strict=True)
    ]
    (folder / "boxes.csv").write_bytes(table_with_boxes(folder / "boxes.csv", confirmed, PLAIN))
    return folder / "boxes.csv"


def by_gallery_export(boxes: Boxes, folder: Path) -> Path:
    """A gallery's catalogue, of photographs that show several animals."""
    texts = [box_text("fin", box) for box in boxes]
    keys = [f"0.jpg#{number}" for number in range(2, len(boxes) + 2)]
    images = Embeddings(
        np.ones((len(boxes), 2), np.float32),
        np.array(keys),
        np.full(len(boxes), "Ann"),
        columns={"box": np.array(texts, np.str_)},
    )
    export_catalogue(SimpleNamespace(images=lambda: images), folder / "out.csv")
    return folder / "out.csv"


def sightings(boxes: Boxes) -> list:
    return [
        row(name, box=f"{box.xmin},{box.ymin},{box.xmax},{box.ymax}")
        for name, box in zip(names(boxes), boxes, strict=True)
    ]


def by_import(boxes: Boxes, folder: Path) -> Path:
    """`boxes.csv` of a new catalogue out of another program's file."""
    (folder / "boxes.csv").write_bytes(
        catalogue_package(sightings(boxes), False).files["boxes.csv"]
    )
    return folder / "boxes.csv"


def by_megadetector(boxes: Boxes, folder: Path) -> Path:
    sizes = dict.fromkeys(names(boxes), (WIDTH, HEIGHT))
    tree = megadetector.to_megadetector(sightings(boxes), sizes)
    (folder / "md.json").write_text(json.dumps(tree))
    return folder / "md.json"


PIXELS = [by_server, by_adding, by_gallery_export, by_import]


@st.composite
def some_boxes(draw: st.DrawFn) -> list[Box]:
    """Boxes of which many are as small and as near to the corner as they can be."""
    small = st.integers(0, 2)
    found = []
    for _ in range(draw(st.integers(1, 4))):
        near = draw(st.booleans())
        left = draw(small if near else st.integers(0, WIDTH - 9))
        top = draw(small if near else st.integers(0, HEIGHT - 9))
        across, down = (draw(st.integers(1, 2 if near else 9)) for _ in range(2))
        found.append(Box(left, top, left + across, top + down))
    return found


@pytest.mark.parametrize("write", [*PIXELS, by_megadetector])
@settings(max_examples=40)
@example(boxes=[CORNER])
@example(boxes=[Box(0, 0, 30, 20), CORNER])
@example(boxes=[Box(0, 0, 1, 2), Box(0, 0, WIDTH, HEIGHT)])
@given(boxes=some_boxes())
def test_what_is_written_is_read(tmp_path_factory, write: Callable, boxes: list[Box]) -> None:
    folder = tmp_path_factory.mktemp("written")
    odd = write in PIXELS and CORNER in boxes
    try:
        file = write(boxes, folder)
    except InputError as error:
        assert odd and re.match(r"\d\.jpg(, animal \d)? has the box .* is too small", str(error))
        assert not [path for path in folder.iterdir() if path.stat().st_size]
        return
    assert not odd
    read = [found.box.clip(WIDTH, HEIGHT) for found in read_box_rows(file) if found.box]
    assert read == boxes


@settings(max_examples=60)
@example(corners=[(0.0, 0.0, 1.0, 1.0), (3.001, 5, 3.004, 9)])
@example(corners=[(0.3, 0.2, 1.994, 1.5), (0.3, 0.2, 1.996, 1.5)])
@given(
    corners=st.lists(
        st.tuples(*[st.floats(0, 3) | st.floats(0, HEIGHT)] * 4).filter(
            lambda c: c[0] < c[2] and c[1] < c[3]
        ),
        max_size=4,
    )
)
def test_what_is_detected_is_read_or_said_to_be_left_out(tmp_path_factory, corners) -> None:
    """To a hundredth of a pixel. A photograph has a box, or a reason why it has none."""
    file = tmp_path_factory.mktemp("detected") / "boxes.csv"
    found = {f"{n}.jpg": Detection("fin", *four, 0.5) for n, four in enumerate(corners)}
    seen = {image: [Seen(WIDTH, HEIGHT, (box,))] for image, box in found.items()}
    boxes, without = select_boxes(seen, ["fin"], Detect(confidence=0.1))
    write_boxes(file, seen, boxes, "yolo")
    read = {row.image: row.box for row in read_box_rows(file)} if found else {}
    left = [image for image, *_ in without]
    assert without == [[image, "fin", TOO_SMALL] for image in left]
    assert sorted([*read, *left]) == sorted(found)
    for image, box in read.items():
        four = [round(corner, 2) for corner in found[image].corners]
        assert (box.xmin, box.ymin) == (int(four[0]), int(four[1]))
        assert (box.xmax, box.ymax) == (-int(-four[2] // 1), -int(-four[3] // 1))
    for image in left:
        xmin, ymin, xmax, ymax = (round(corner, 2) for corner in found[image].corners)
        assert xmin == xmax or ymin == ymax or max(xmax, ymax) < 2


def test_one_of_several_detections_that_is_left_out_is_named(capsys) -> None:
    found = (Detection("fin", 0, 0, 1, 1, 0.9), Detection("fin", 5, 5, 30, 20, 0.8))
    seen = {"several.jpg": [Seen(WIDTH, HEIGHT, found)]}
    boxes, without = select_boxes(seen, ["fin"], Detect(confidence=0.1, choice="all"))
    assert boxes == {"several.jpg": [found[1]]} and without == []
    assert f"several.jpg: a fin box is left out: {TOO_SMALL}" in capsys.readouterr().out


def test_numbers_of_numpy_are_whole_too(tmp_path: Path) -> None:
    assert can_be_written(np.array([0, 0, 2, 1])) and not can_be_written(np.array([0, 0, 1, 1]))
    assert not can_be_written((0.0, 0.0, float("nan"), 9.0))
