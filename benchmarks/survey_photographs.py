"""A survey as a whole: from drawn photographs to a capture history, by the commands.

    python benchmarks/survey_photographs.py OUTPUT [key=value ...]

Dolphins of a known pod are photographed in three seasons of two trips each, at four places, from
the left, the right or both sides; between seasons some are born. Each photograph has its time and
its position in its EXIF. The first trip is the catalogue. Then, trip by trip: `identify`, a
simulated reviewer who chooses the right individual if it is among the first five and says "new" if
it is not, and `gallery add`. At the end `history`. Printed are the matches that were missed, and
the capture history beside the true one. What is there already is not made again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shlex
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from survey import PLACES

from tf_happywhale.backend import set_backend
from tf_happywhale.catalogue.pod.drawn_photograph import draw_photograph
from tf_happywhale.catalogue.pod.fin import SPECIES, draw_fin
from tf_happywhale.catalogue.pod.spots import LEFT, with_spots
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.cli import OVERRIDE
from tf_happywhale.disk.files import write_csv
from tf_happywhale.galleries.gallery_folder import is_gallery
from tf_happywhale.sightings.table import read_sightings

SEASONS, TRIPS = (2021, 2022, 2023), (6, 8)  # a trip is a month
FIRST, BORN, PHOTOGRAPHED, SPOTS = 8, 2, 0.6, 45
WIDTH, HEIGHT, LOOKED = 1200, 800, 5
SIDES = {"left": LEFT, "right": -LEFT}


@dataclass
class Trip:
    """A trip: its rows are photographs, with who is in them."""

    name: str
    rows: list[dict[str, str]] = field(default_factory=list)


def draw_trips(folder: Path, seed: int) -> list[Trip]:
    """Draw all photographs, each trip into a folder of its own, and return what they show."""
    rng, names, trips, animals = np.random.default_rng(seed), list(PLACES), [], FIRST
    home = [names[rng.integers(4)] for _ in range(FIRST + BORN * (len(SEASONS) - 1))]
    for season, year in enumerate(SEASONS):
        animals = FIRST + BORN * season
        for month in TRIPS:
            trip = Trip(f"{year}-{month:02d}")
            for animal in range(animals):
                if rng.random() >= PHOTOGRAPHED:
                    continue
                place = home[animal] if rng.random() < 0.7 else names[rng.integers(4)]
                sides = (("left",), ("right",), ("left", "right"))[rng.integers(3)]
                for side in sides:
                    trip.rows.append(_photograph(folder, trip, animal, place, side, seed))
            trips.append(trip)
    return trips


def _photograph(
    folder: Path, trip: Trip, animal: int, place: str, side: str, seed: int
) -> dict[str, str]:
    """Draw a photograph with its EXIF, unless it is there, and return its row."""
    number, day = len(trip.rows), 3 + list(PLACES).index(place)
    name = f"IMG_{trip.name.replace('-', '')}_{number:03d}.jpg"
    stream = [seed, 9, int(trip.name.replace("-", "")), number]
    rng = np.random.default_rng(stream)
    latitude, longitude = np.array(PLACES[place]) + rng.normal(0, (0.006, 0.012))
    row = {
        "image": name,
        "species": SPECIES[0].name,
        "individual_id": f"{animal:05d}",
        "encounter": f"{trip.name}-{day:02d} {place} {animal}",
        "date": f"{trip.name}-{day:02d}",
        "time": f"{9 + animal // 4:02d}:{animal % 4 * 15 + number % 10:02d}:00",
        "latitude": f"{latitude:.5f}",
        "longitude": f"{longitude:.5f}",
        "place": place,
        "viewpoint": side,
    }
    fin = draw_fin(row["individual_id"], SPECIES[0], np.random.default_rng([seed, 2, animal]))
    fin = with_spots(fin, SPOTS, np.random.default_rng([seed, 4, animal, SIDES[side] + 1]))
    path = folder / trip.name / name
    boxes = path.with_suffix(".json")
    if not boxes.is_file():
        picture, found = draw_photograph(
            fin, seed=stream, width=WIDTH, height=HEIGHT, side=SIDES[side]
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, picture, row)
        boxes.write_text(json.dumps(found["backfin"]))
    corners = zip(("xmin", "ymin", "xmax", "ymax"), json.loads(boxes.read_text()), strict=True)
    return row | {name: f"{value:.1f}" for name, value in corners}


def save(path: Path, picture: np.ndarray, row: dict[str, str]) -> None:
    """Write a photograph as a camera does, with time and position in its EXIF."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"{row['date'].replace('-', ':')} {row['time']}"
    gps = exif.get_ifd(0x8825)
    for tag, name, positive, negative in ((1, "latitude", "N", "S"), (3, "longitude", "E", "W")):
        degrees = float(row[name])
        gps[tag] = positive if degrees >= 0 else negative
        gps[tag + 1] = (abs(degrees), 0.0, 0.0)
    Image.fromarray(picture).save(path, quality=90, exif=exif)


def run(name: str, *words: str) -> None:
    """Run a command of the package, in this process: TensorFlow starts once."""
    print(f"\n$ happywhale {name} {shlex.join(words)}", flush=True)
    command = importlib.import_module(f"tf_happywhale.{name}")
    places = [word for word in words if not OVERRIDE.match(word)]
    command.main(places, [word for word in words if OVERRIDE.match(word)])


def boxes_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a boxes table."""
    corners = ["xmin", "ymin", "xmax", "ymax"]
    return rows[["image", *corners]].assign(source="backfin", confidence="1")


def decide(output: Path, trip: pd.DataFrame, known: dict[str, Counter]) -> tuple[int, int]:
    """Write the reviewer's decisions, and return how many matches were there, and were missed.

    Args:
        output: of `identify`.
        trip: the photographs and who is in them.
        known: which animals each id stands for in the gallery.
    """
    ids = {who for animals in known.values() for who in animals}
    table = read_text_table(output / "predictions.csv", ("image", "rank", "individual_id"))
    shown = table.groupby("image")["individual_id"].agg(lambda found: list(found)[:LOOKED])
    rows, there, missed = [], 0, 0
    for _, of_one in trip.groupby("encounter", sort=False):
        animal = of_one["individual_id"].iloc[0]
        right = [
            who
            for image in of_one["image"]
            for who in shown.get(image, [])
            if known.get(who) and known[who].most_common(1)[0][0] == animal
        ]
        there += animal in ids
        missed += animal in ids and not right
        decision = ("match", right[0]) if right else ("new", of_one["image"].iloc[0][4:-4])
        rows += [(image, *decision) for image in of_one["image"]]
    write_csv(
        output / "decisions.csv",
        pd.DataFrame(rows, columns=["image", "decision", "individual_id"]),
    )
    return there, missed


def ids_of(gallery: Path, truth: dict[str, str]) -> dict[str, Counter]:
    """Return which animals each id of a gallery stands for, and in how many photographs."""
    found: dict[str, Counter] = {}
    table = read_sightings(gallery)
    for image, who in zip(table["image"], table["individual_id"], strict=True):
        found.setdefault(who, Counter())[truth[image]] += 1
    return found


def main() -> None:
    """Go the whole way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("settings", nargs="*", help="of the commands, such as match.use=never")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    set_backend("auto")
    home, card = given.output, given.output / "card"
    trips = draw_trips(card, given.seed)
    truth = {row["image"]: row["individual_id"] for trip in trips for row in trip.rows}
    print(f"{len(truth)} photographs of {len(set(truth.values()))} animals in {len(trips)} trips")
    gallery, there, missed = home / "whales", 0, 0
    for number, trip in enumerate(trips):
        table = pd.DataFrame(trip.rows)
        if number == 0:
            start(home / "catalogue", card / trip.name, table)
            if not is_gallery(gallery):
                run("gallery", "build", str(home / "catalogue"), str(gallery),
                    f"output={home / 'first'}", *given.settings)  # fmt: skip
            continue
        output = home / trip.name
        if not (output / "added").is_file():
            tables = {"encounters": ["encounter"], "viewpoint": ["viewpoint"], "facts": ["place"]}
            for name, columns in tables.items():
                write_csv(card / f"{trip.name}-{name}.csv", table[["image", *columns]])
            write_csv(card / f"{trip.name}-boxes.csv", boxes_of(table))
            settings = [f"identify.{name}={card / f'{trip.name}-{name}.csv'}" for name in
                        (*tables, "boxes")]  # fmt: skip
            run("identify", str(gallery), str(card / trip.name), f"output={output}", *settings,
                *given.settings)  # fmt: skip
            counts = decide(output, table, ids_of(gallery, truth))
            run("gallery", "add", str(gallery), str(output / "decisions.csv"), f"output={output}")
            (output / "added").write_text(json.dumps(counts))
        counts = json.loads((output / "added").read_text())
        there, missed = there + counts[0], missed + counts[1]
    report(home, gallery, trips, truth, there, missed)


def start(catalogue: Path, photographs: Path, table: pd.DataFrame) -> None:
    """Write the catalogue of the first trip, whose animals a person has named."""
    if (catalogue / "boxes.csv").is_file():
        return
    (catalogue / "train_images").mkdir(parents=True, exist_ok=True)
    for image in table["image"]:
        target = catalogue / "train_images" / image
        target.write_bytes((photographs / image).read_bytes())
    facts = table.drop(columns=["xmin", "ymin", "xmax", "ymax"])
    write_csv(catalogue / "train.csv", facts)
    write_csv(catalogue / "boxes.csv", boxes_of(table))


def report(
    home: Path, gallery: Path, trips: list[Trip], truth: dict[str, str], there: int, missed: int
) -> None:
    """Write the history, and print it beside the true one."""
    run("history", str(gallery), f"output={home}", "history.session=year")
    found = ids_of(gallery, truth)
    mixed = sum(len(animals) > 1 for animals in found.values())
    animals = len(set(truth.values()))
    print(
        f"\n{missed} of {there} matches were missed in the first {LOOKED} candidates; the gallery "
        f"has {len(found)} individuals, {mixed} of them of several animals; there are {animals}"
    )
    alive = ", ".join(f"{FIRST + BORN * n} in {year}" for n, year in enumerate(SEASONS))
    print(f"alive were {alive}, some of them never photographed")
    print("true history of each animal, and that of the ids that stand for it:")
    table = read_text_table(home / "history" / "histories.csv", ("individual_id", "history"))
    histories = dict(zip(table["individual_id"], table["history"], strict=True))
    for animal in sorted(set(truth.values())):
        true = "".join(
            "1" if animal in {row["individual_id"] for row in trip.rows} else "0" for trip in trips
        )
        ids = [who for who, of_id in found.items() if of_id.most_common(1)[0][0] == animal]
        print(f"  {animal} {true}   " + ", ".join(f"{who} {histories[who]}" for who in sorted(ids)))


if __name__ == "__main__":
    main()
