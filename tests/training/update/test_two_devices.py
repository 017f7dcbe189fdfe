"""Two devices train and embed as one does, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def report() -> dict:
    """What two_devices.py has found."""
    root = Path(__file__).parents[3]
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("two_devices.py"))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)),
             "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_devices_reach_the_weights_of_one(report):
    """Gradients are summed over devices before they are clipped: the same steps, bit for rounding.

    With clipping that matters, so that clipping first, or summing twice, would show.
    """
    assert report["replicas"] == 2
    assert report["tight_changes"] > 0.05
    assert report["adaptive_changes"] > 0.05
    names = {"sgd tight", "sgd loose", "sgd adaptive", "adamw tight", "sgd all", "adamw head"}
    for name in names | {"adamw together", "adamw frozen", "adamw taught"}:
        assert report[name]["mirrored_losses"] == pytest.approx(report[name]["losses"], rel=1e-3)
        assert report[name]["difference"] < 2e-4, name


def test_two_devices_embed_each_a_half_and_what_one_does(report):
    """Where they do not divide the pictures, what was filled up does not come back."""
    assert report["embedded_by"] == {
        "11": [0] * 6 + [1] * 5, "8": [0] * 4 + [1] * 4, "1": [0],
    }  # fmt: skip
    assert report["validated"] == 22
    for what in ("embedding", "validation", "from_its_file"):
        assert report[what] < 1e-5, what
