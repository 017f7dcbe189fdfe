"""The versions in Kaggle's images, as far as they are known, and what an installation changes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

LISTS = Path(__file__).parent  # gpu.txt and tpu.txt say where they are from


def listed(image: str) -> dict[str, str]:
    """Return the versions in an image, `gpu` or `tpu`, by package."""
    lines = (LISTS / f"{image}.txt").read_text(encoding="utf-8").splitlines()
    return dict(_named(line) for line in lines if line and not line.startswith("#"))


def installed() -> dict[str, str]:
    """Return the versions that are installed for this Python, by package."""
    found = json.loads(_pip("list", "--format=json"))
    return {_plain(one["name"]): one["version"] for one in found}


def would_install(*words: str) -> dict[str, str]:
    """Return the versions that `pip install` with these words would put in place, by package."""
    report = json.loads(_pip("install", "--quiet", "--dry-run", "--report=-", *words))
    return {_plain(m["name"]): m["version"] for m in (one["metadata"] for one in report["install"])}


def moved(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return, in words, which packages of `before` have another version in `after`, or none."""
    return [
        f"{name} {version} → {after.get(name, 'removed')}"
        for name, version in before.items()
        if after.get(name) != version
    ]


def _pip(*words: str) -> str:
    command = [sys.executable, "-m", "pip", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} has failed:\n{done.stderr}")
    return done.stdout


def _named(line: str) -> tuple[str, str]:
    name, version = line.split("==")
    return _plain(name), version


def _plain(name: str) -> str:
    """Return a package's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
