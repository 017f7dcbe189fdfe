"""Coloured squares as whales: what training is tried on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tf_happywhale.records.plan import CropFormat, RecordsPlan, SourcePhotograph
from tf_happywhale.records.writer import write_records
from tf_happywhale.training.fold_data import FoldData

COLOURS = {
    "0001": (220, 40, 40),
    "1e10": (40, 220, 40),
    "NA": (40, 40, 220),
    "new": (220, 220, 220),  # in fold 1 only
}
IMAGES = 6  # of each individual


def make_fold_data(root: Path, images: int = IMAGES) -> FoldData:
    """Noisy squares of 32 pixels, in finished records; two folds, fold 1 left out. Of each
    individual there are `images`, of `new` four: 22 in all, if nothing else is said."""
    rng = np.random.default_rng(0)
    rows = []
    for target, (individual, colour) in enumerate(COLOURS.items()):
        for n in range(4 if individual == "new" else images):
            image, fold = f"é{individual}-{n}.png", 1 if individual == "new" else n % 2
            picture = np.clip(np.array(colour) + rng.normal(0, 20, (32, 32, 3)), 0, 255)
            encoded = cv2.imencode(".png", picture.astype(np.uint8)[..., ::-1])[1]
            (root / image).write_bytes(encoded.tobytes())
            rows.append((image, individual, target, fold))
    photographs = [
        SourcePhotograph(image, root / image, "train", fold, target, -1, {"whole": None}, "")
        for image, _, target, fold in rows
    ]
    pixels = CropFormat(32, 95, ("whole",))
    plan = RecordsPlan(root / "records", "squares", photographs, pixels, list(COLOURS))
    write_records(plan, shard_images=5, made_by={})
    images, individual_ids, targets, folds = (list(column) for column in zip(*rows, strict=True))
    return FoldData(
        plan.folder, images, individual_ids, np.array(targets), np.array(folds), len(COLOURS), 1
    )
