from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.records.plan import CropFormat, RecordsPlan, SourcePhotograph
from tf_happywhale.records.writer import write_records

QUALITY = 95


@pytest.fixture
def make_plan(tmp_path: Path, save) -> Callable[..., RecordsPlan]:
    """A plan of one-coloured photographs: the grey level of number k is 10 + 8 k.

    Train photographs are `k.png` with target 100 + k, dealt to the folds in turn; test photographs
    go on counting as `tk.png`.
    """

    def make(train: int, test: int = 0, folds: int = 2, size: int = 16) -> RecordsPlan:
        photographs = []
        for k in range(train + test):
            split = "train" if k < train else "test"
            name = f"{k}.png" if k < train else f"t{k}.png"
            path = save(tmp_path / split / name, np.full((20, 24, 3), 10 + 8 * k, np.uint8))
            fold, target = (k % folds, 100 + k) if k < train else (0, -1)
            kind = k % 3 if k < train else -1
            photographs.append(
                SourcePhotograph(
                    name, path, split, fold, target, kind, {"fullbody": None}, sha256(path)
                )
            )
        pixels = CropFormat(size, QUALITY, ("fullbody",))
        individuals = [f"whale{n:03d}" for n in range(100 + train)]
        return RecordsPlan(tmp_path / "records", "pod", photographs, pixels, individuals)

    return make


@pytest.fixture
def written(make_plan) -> Callable[..., Path]:
    """A finished records folder of such photographs."""

    def write(train: int, test: int = 0, shard_images: int = 3, **options: int) -> Path:
        plan = make_plan(train, test, **options)
        write_records(plan, shard_images=shard_images, made_by={})
        return plan.folder

    return write


@pytest.fixture
def several(tmp_path: Path, save) -> Path:
    """Records of eight images with a primary crop of level 40 and, but for the last, a backfin of
    level 120, and the whole of level 200."""
    photographs = []
    for k in range(8):
        picture = np.full((30, 30, 3), 200, np.uint8)
        picture[:10, :10], picture[10:20, 10:20] = 40, 120
        found = {"fullbody": Box(0, 0, 10, 10), "backfin": Box(10, 10, 20, 20), "whole": None}
        if k == 7:
            del found["backfin"]
        path = save(tmp_path / f"{k}.png", picture)
        photographs.append(SourcePhotograph(f"{k}.png", path, "train", 0, k, 0, found, ""))
    pixels = CropFormat(16, 95, ("fullbody", "backfin", "whole"))
    plan = RecordsPlan(tmp_path / "records", "pod", photographs, pixels, [])
    write_records(plan, shard_images=9, made_by={})
    return plan.folder
