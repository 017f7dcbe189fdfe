from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

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
