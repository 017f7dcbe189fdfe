"""The environment of a training: Python, packages, devices."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "tf-happywhale", "tensorflow", "keras", "numpy", "opencv-python-headless", "pandas",
    "scikit-learn", "pydantic",
)  # fmt: skip


def environment(devices: str) -> dict[str, Any]:
    """Return Python, package versions, git revision (if the code is a checkout), and devices."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "devices": devices,
        "git": _git_revision(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git_revision() -> str:
    here = Path(__file__).resolve().parent
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40"],
            cwd=here, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()
