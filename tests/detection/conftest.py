from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.detection.detector_models import TRAINED_ON


class RedNetwork:
    """Stands in for a network: what is red is a fin, as sure as it is red."""

    sources, side = ("fin",), None

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        self.batches.append(len(pictures))
        outputs = np.zeros((len(pictures), 5, 3), np.float32)
        for output, picture in zip(outputs, pictures, strict=True):
            red = (picture[..., 0] > 90) & (picture[..., 1] < 60)
            if red.any():
                rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
                xmin, xmax, ymin, ymax = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
                output[:4, 1] = (xmin + xmax) / 2, (ymin + ymax) / 2, xmax - xmin, ymax - ymin
                output[4, 1] = picture[..., 0][red].mean() / 255
        return outputs


@pytest.fixture
def red_network() -> RedNetwork:
    return RedNetwork()


@pytest.fixture
def photographs(tmp_path: Path) -> Callable[[int], dict[str, Path]]:
    """So many photographs of 100×50, number k with a red square at 2 k, 10 of side 20."""

    def draw(count: int) -> dict[str, Path]:
        folder = tmp_path / "train_images"
        folder.mkdir(parents=True, exist_ok=True)
        paths = {}
        for k in range(count):
            picture = np.zeros((50, 100, 3), np.uint8)
            picture[10:30, 2 * k : 2 * k + 20, 2] = 255 - k  # BGR
            paths[f"{k:03d}.png"] = folder / f"{k:03d}.png"
            cv2.imwrite(str(folder / f"{k:03d}.png"), picture)
        return paths

    return draw


@pytest.fixture
def experiment(photographs, tmp_path: Path) -> Experiment:
    """Two folds' models: the first has learnt from 000 and 001, the second from 002."""
    photographs(5)
    out = tmp_path / "out" / "detector"
    for fold, known in enumerate((["000.png", "001.png"], ["002.png"])):
        (out / f"fold{fold}").mkdir(parents=True)
        (out / f"fold{fold}" / "weights.pt").write_text(f"weights {fold}")
        (out / f"fold{fold}" / TRAINED_ON).write_text("\n".join(["image", *known, ""]))
    return load_experiment(
        None,
        [
            f"data.root={tmp_path}", f"output={tmp_path / 'out'}", "detect.folds=2", "fold=all",
            "detect.image_size=128", "detect.batch_size=2",
        ],
    )  # fmt: skip
