"""The contact sheet: photographs with their boxes, the least certain first."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from tf_happywhale.catalogue.boxes.box import pixels_touched
from tf_happywhale.catalogue.boxes.box_rows import MANUAL, is_manual, number_or
from tf_happywhale.detection.letterbox import read_photograph
from tf_happywhale.disk.files import write_text
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.pixels import encode_jpeg

COLOURS = {"detected": (255, 176, 0), MANUAL: (0, 200, 120)}  # RGB, both far from sea and sky
QUALITY = 80
STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 90rem; padding: 1.5rem; font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
p { max-width: 80ch; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; }
figure { margin: 0; border: 1px solid #8886; border-radius: .5rem; overflow: hidden; }
img { display: block; width: 100%; }
figcaption { padding: .5rem .75rem; overflow-wrap: anywhere; }
figcaption span { display: block; opacity: .75; font-size: .85rem; }
.none { padding: 2rem .75rem; text-align: center; background: #8882; }
"""


@dataclass(frozen=True)
class Card:
    """A photograph on the sheet.

    Attributes:
        image: its name.
        rows: its rows of the boxes CSV, as text; `line` is the row's line in the file.
        missing: the sources without a box, with the reasons.
    """

    image: str
    rows: list[Mapping[str, str]]
    missing: list[tuple[str, str]]

    @property
    def certainty(self) -> float:
        """The lowest confidence among its boxes; -1 if a box is missing."""
        if self.missing:
            return -1.0
        return min(
            1.0 if is_manual(row["origin"]) else number_or(row["confidence"], 0)
            for row in self.rows
        )


def make_cards(boxes: pd.DataFrame, without: pd.DataFrame) -> list[Card]:
    """Return the photographs that have boxes or lack them, the least certain first.

    The rows of a person replace the detected rows of the same image and source.

    Args:
        boxes: the boxes CSV, as text.
        without: the table of what has no box, as text.
    """
    boxes = boxes.assign(line=[str(line) for line in range(2, len(boxes) + 2)])
    rows: dict[str, list[Mapping[str, str]]] = {}
    for row in boxes.to_dict("records"):
        rows.setdefault(row["image"], []).append(row)
    missing: dict[str, list[tuple[str, str]]] = {}
    for row in without.to_dict("records"):
        missing.setdefault(row["image"], []).append((row["source"], row["reason"]))
    cards = []
    for image in {**missing, **rows}:
        manual = {row["source"] for row in rows.get(image, []) if is_manual(row["origin"])}
        kept = [
            row
            for row in rows.get(image, [])
            if is_manual(row["origin"]) or row["source"] not in manual
        ]
        lacking = [(source, why) for source, why in missing.get(image, []) if source not in manual]
        cards.append(Card(image, kept, lacking))
    return sorted(cards, key=lambda card: (card.certainty, card.image))


@dataclass(frozen=True)
class Sheet:
    """What a contact sheet shows.

    Attributes:
        cards: the photographs, in this order.
        photographs: path by image.
        boxes: the CSV that a person corrects, for the text.
        summary: a sentence on what was detected.
    """

    cards: Sequence[Card]
    photographs: Mapping[str, Path]
    boxes: Path
    summary: str


def write_sheet(file: Path, sheet: Sheet, *, side: int) -> None:
    """Write the contact sheet as one HTML file that needs no other file.

    Args:
        file: the HTML file.
        sheet: what it shows.
        side: longest side of a picture, pixels.
    """
    figures = "\n".join(
        _figure(card, sheet.photographs.get(card.image), side) for card in sheet.cards
    )
    path = html.escape(str(sheet.boxes))
    write_text(
        file,
        f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Boxes</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{STYLE}</style></head><body>
<h1>Boxes, the least certain first</h1>
<p>{html.escape(sheet.summary)} This page shows {len(sheet.cards)} of them. Yellow boxes were
detected, green boxes were drawn by a person.</p>
<p>To correct a box, change its four numbers in <code>{path}</code> and write <code>manual</code>
into its column <code>origin</code>. To add a box, add a row that says <code>manual</code>. If there
is no animal, leave the four numbers of such a row empty.</p>
<p>Your rows always replace the detector's boxes. The next <code>detect predict</code> keeps them
and writes all other rows again. On the next page your rows come last: if you write
<code>manual</code> beside a correct box too, other photographs move up.</p>
<main>
{figures}
</main></body></html>
""",
    )


def draw_boxes(
    picture: np.ndarray, size: tuple[int, int], rows: Sequence[Mapping[str, str]]
) -> np.ndarray:
    """Return a copy of a picture with its boxes.

    Args:
        picture: uint8 RGB [h, w, 3].
        size: width and height of the photograph to which the boxes belong, pixels.
        rows: of the boxes CSV, as text.
    """
    drawn = picture.copy()
    across, down = drawn.shape[1] / size[0], drawn.shape[0] / size[1]
    thick = max(1, round(max(drawn.shape) / 200))
    for row in rows:
        corners = (number_or(row[name], math.nan) for name in ("xmin", "ymin", "xmax", "ymax"))
        box = pixels_touched(*corners)
        inside = box and box.clip(*size)
        if not inside:
            continue
        colour = COLOURS[MANUAL if is_manual(row["origin"]) else "detected"]
        start = (round(inside.xmin * across), round(inside.ymin * down))
        end = (max(0, round(inside.xmax * across) - 1), max(0, round(inside.ymax * down) - 1))
        cv2.rectangle(drawn, start, end, colour, thick)
    return drawn


def _origin(row: Mapping[str, str]) -> str:
    """Return the detector's confidence, or what a person says."""
    if not is_manual(row["origin"]):
        return row["confidence"]
    corners = (row[name] for name in ("xmin", "ymin", "xmax", "ymax"))
    return "drawn by a person" if any(map(str.strip, corners)) else "no animal, says a person"


def _figure(card: Card, path: Path | None, side: int) -> str:
    try:
        if path is None:
            raise InputError(f"There is no picture {card.image}.")
        picture, width, height = read_photograph(path, side)
        encoded = encode_jpeg(draw_boxes(picture, (width, height), card.rows), QUALITY)
        uri = "data:image/jpeg;base64," + base64.b64encode(encoded).decode("ascii")
        shown = f'<img src="{uri}" alt="">'
    except InputError:
        shown = '<div class="none">no picture</div>'
    lines = [f"{row['source']} {_origin(row)} · line {row['line']}" for row in card.rows]
    lines += [f"{source or 'no box'}: {why}" for source, why in card.missing]
    notes = "".join(f"<span>{html.escape(line)}</span>" for line in lines)
    caption = f"<figcaption>{html.escape(card.image)}{notes}</figcaption>"
    return f"<figure>{shown}{caption}</figure>"
