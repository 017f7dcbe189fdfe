"""What `benchmarks/exports.py` counts: the images of known individuals, by their nearest image."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "exports.py"


def test_an_image_is_found_by_its_individuals_nearest_image_in_the_other_folds() -> None:
    spec = importlib.util.spec_from_file_location("bench_exports", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    angles = np.radians([0, 90, 20, 5, 85, 40])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    ids = np.array(["a", "b", "b", "a", "a", "new"])
    inside = np.array([False, False, False, True, True, True])
    # 5° is nearest to a's 0°; 85° is nearest to b's 90°, then to a; nobody knows the last.
    assert module.score(rows, rows, ids, inside) == pytest.approx((1 + 1 / 2) / 2)
    turned = rows[:, ::-1].copy()  # the gallery of another engine: 90°, 0°, 70°
    assert module.score(rows, turned, ids, inside) == pytest.approx((1 / 2 + 1) / 2)
