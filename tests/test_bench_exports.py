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
    angles = np.radians([0, 90, 20])
    gallery = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    ids = np.array(["a", "b", "b"])
    angles = np.radians([5, 85])  # nearest to a; nearest to b, then to a
    asked = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert module.score(asked, np.array(["a", "a"]), gallery, ids) == pytest.approx(0.75)
    assert module.score(asked, np.array(["b", "b"]), gallery, ids) == pytest.approx(0.75)
    assert module.score(asked, np.array(["a", "b"]), gallery, ids) == 1
