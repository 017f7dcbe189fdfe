"""Tables of sightings for the tests, and a small catalogue on the disk."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from tf_happywhale.catalogue.animals.animal_key import split_key
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.exchange.rows import Row
from tf_happywhale.sightings.table import COLUMNS

SIZE = (90, 60)  # width and height of every picture
ODD_IDS = ("09913", "1e10", "NA", '=1+1,"a"', "Åsa é", "-7", "O'Brien; x|y")


def row(image: str = "a.jpg", individual_id: str = "09913", **facts: str) -> Row:
    """A row of the table of sightings."""
    cells = dict.fromkeys(COLUMNS, "") | facts
    return {
        **cells,
        "image": image,
        "individual_id": individual_id,
        "box_number": str(split_key(image)[1]),
    }


WHOLE = row(
    "trip/a b.jpg",
    species="Tursiops truncatus",
    encounter="E1",
    date="2021-04-03",
    time="10:22:59",
    latitude="57.68",
    longitude="-5.1",
    place="Inner Bay",
    observer="Ann",
    viewpoint="left",
    quality="Q2",
    distinctiveness="D1",
    box="3,4,33,31",
)


def write_catalogue(folder: Path, rows: list[Row]) -> Path:
    """A catalogue folder with these rows, and a picture for each photograph."""
    names = dict.fromkeys(split_key(one["image"])[0] for one in rows)
    for seed, name in enumerate(names):
        path = folder / "train_images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 255, (*SIZE[::-1], 3), dtype=np.uint8)
        cv2.imwrite(str(path), pixels)
    columns = ["image", "box_number", "individual_id", "species", *FACTS]
    with (folder / "train.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        for one in rows:
            name, number = split_key(one["image"])
            cells = {**one, "image": name, "box_number": str(number)}
            writer.writerow([cells[name] for name in columns])
    with (folder / "boxes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "box_number", "source", "xmin", "ymin", "xmax", "ymax"])
        for one in rows:
            if one["box"]:
                name, number = split_key(one["image"])
                writer.writerow([name, number, "fullbody", *one["box"].split(",")])
    return folder
