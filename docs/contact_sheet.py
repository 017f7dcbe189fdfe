"""Draw photographs of a pod, each individual a row: docs/images/pod.jpg and first_day.jpg.

make demo && .venv/bin/python docs/contact_sheet.py output/demo/pod docs/images/pod.jpg
happywhale demo draw configs/first_day.yaml
.venv/bin/python docs/contact_sheet.py first_day/catalogue docs/images/first_day.jpg
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.pictures.pixels import encode_jpeg, read_picture
from tf_happywhale.pictures.resizing import resize

COLUMNS, ROWS, WIDTH, HEIGHT, GAP = 5, 4, 300, 200, 6


def main(pod: Path, file: Path) -> None:
    """One row for an individual of each of four species at most."""
    catalogue = read_catalogue(pod / "train.csv")
    counts = catalogue.groupby("individual_id")["image"].transform("size")
    often = catalogue[counts >= COLUMNS].drop_duplicates("species").head(ROWS)
    height = len(often) * (HEIGHT + GAP) - GAP
    sheet = np.full((height, COLUMNS * (WIDTH + GAP) - GAP, 3), 255, np.uint8)
    for row, individual_id in enumerate(often["individual_id"]):
        images = catalogue[catalogue["individual_id"] == individual_id]["image"].head(COLUMNS)
        for column, image in enumerate(images):
            y, x = row * (HEIGHT + GAP), column * (WIDTH + GAP)
            picture = read_picture(pod / "train_images" / image)
            sheet[y : y + HEIGHT, x : x + WIDTH] = shrink(picture)
    file.write_bytes(encode_jpeg(sheet, 80))


def shrink(picture: np.ndarray) -> np.ndarray:
    """The picture [h, w, 3] at WIDTH × HEIGHT, by squares since `resize` makes squares."""
    square = resize(picture, 3 * HEIGHT)
    rows = square.reshape(HEIGHT, 3, 3 * HEIGHT, 3).mean(axis=1)
    return rows.reshape(HEIGHT, WIDTH, 2, 3).mean(axis=2).astype(np.uint8)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
