"""Does the heat lie on the animal? Share of it inside the fin's true box, and inside a box of the
same size at a random place.

    python benchmarks/explain.py RUN_FOLDER POD [--pairs 100] [--json FILE] [--quick]

Pairs are two photographs of one individual. A crop twice as wide and high as the fin's box, shifted
at random so that the box may lie anywhere in it, is explained at twice the model's size: the fin is
as large as the model knows it, and nobody says where it is. Where the box has no more of the heat
than one at random the command ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import numpy as np
from wanted import Wanted, judge

from tf_happywhale.catalogue.boxes.best_boxes import best_boxes
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.config import load_experiment
from tf_happywhale.inference.explained.explain import Explainer
from tf_happywhale.pictures.pixels import crop, read_picture
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.run_folders.model_files import load_model


def wider(box: Box, width: int, height: int, rng: np.random.Generator) -> tuple[Box, np.ndarray]:
    """A box twice as wide and high around one, as far as the picture goes, and where the first
    lies in it (left, top, right, bottom as shares)."""
    sides = np.array([box.xmax - box.xmin, box.ymax - box.ymin])
    start = np.array([box.xmin, box.ymin]) - rng.random(2) * sides
    start = np.clip(start, 0, np.maximum([width, height] - 2 * sides, 0)).astype(int)
    end = np.minimum(start + 2 * sides, [width, height])
    inside = (np.array([box.xmin, box.ymin, box.xmax, box.ymax]) - np.tile(start, 2)) / np.tile(
        end - start, 2
    )
    return Box(*start.tolist(), *end.tolist()), inside


def share_inside(heat: np.ndarray, place: np.ndarray, side: int = 256) -> float:
    """Share of the heat [h, w], interpolated, inside (left, top, right, bottom)."""
    fine = cv2.resize(heat.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    left, top, right, bottom = (place * side).round().astype(int)
    return float(fine[top:bottom, left:right].sum() / fine.sum())


def main() -> None:
    """Explain pairs and print both shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("pod", type=Path)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="ten pairs")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    experiment = load_experiment(given.run / "config.yaml")
    table = read_catalogue(given.pod / "train.csv")
    rows = read_box_rows(given.pod / "boxes.csv")
    boxes = best_boxes(rows, "backfin", table["image"], given.pod / "boxes.csv")
    groups = [list(images) for _, images in table.groupby("individual_id")["image"]]
    groups = [images for images in groups if len(images) > 1]
    explain = Explainer(load_model(given.run / "model.keras"))
    found, chance = [], []
    for _ in range(10 if given.quick else given.pairs):
        crops, places = [], []
        for image in rng.choice(groups[rng.integers(len(groups))], 2, replace=False):
            picture = read_picture(given.pod / "train_images" / image)
            around, place = wider(boxes[image], picture.shape[1], picture.shape[0], rng)
            crops.append(resize(crop(picture, around), 2 * experiment.image_size))
            places.append(place)
        for heat, place in zip(explain(*crops).heat, places, strict=True):
            sides = place[2:] - place[:2]
            start = rng.random(2) * (1 - sides)
            found.append(share_inside(heat, place))
            chance.append(share_inside(heat, np.concatenate([start, start + sides])))
    facts = {
        "pictures": len(found),
        "inside": float(np.mean(found)),
        "random_box": float(np.mean(chance)),
        "box_wins": float(np.mean(np.array(found) > np.array(chance))),
    }
    print(f"{facts['pictures']} pictures; share of the heat")
    print(f"inside the fin's box {facts['inside']:.3f}")
    print(f"inside a box of its size at random {facts['random_box']:.3f}")
    print(f"the fin's box has more in {facts['box_wins']:.0%} of the pictures")
    if given.json:
        given.json.write_text(json.dumps(facts, indent=2))
    sys.exit(judge([Wanted("inside the fin's box", facts["inside"], facts["random_box"])]))


if __name__ == "__main__":
    main()
