"""The shipped configs, and the page that is made from the schema."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tf_happywhale.config import load_experiment

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_shipped_config_loads_and_is_named_after_its_file(path: Path) -> None:
    assert load_experiment(path).name == path.stem
    assert f"configs/{path.name}" in path.read_text(encoding="utf-8")  # its command stands in it


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_quick_look_at_a_shipped_config_needs_two_keys(path: Path) -> None:
    quick = load_experiment(path, ["train.epochs=1", "image_size=64"])
    assert (quick.train.epochs, quick.image_size) == (1, 64)


def test_the_page_of_keys_is_up_to_date() -> None:
    made = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "config_reference.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert made.stdout == (ROOT / "docs" / "config.md").read_text(encoding="utf-8"), "make docs"
