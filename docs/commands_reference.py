"""Print docs/commands.md: what every command says with --help."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tf_happywhale

FIRST = ("run", "demo", "identify", "gallery", "export")  # what most people want


def main() -> None:
    """Print the page."""
    folder = Path(tf_happywhale.__file__).parent
    names = [module.name for module in pkgutil.iter_modules([str(folder)]) if not module.ispkg]
    found = [n for n in names if "__main__" in (folder / f"{n}.py").read_text(encoding="utf-8")]
    ordered = [*FIRST, *(name for name in found if name not in FIRST)]
    with ThreadPoolExecutor() as workers:
        helps = list(workers.map(said, ordered))
    print("# Commands\n")
    print("Made from the code by `make docs`: what each command says with `--help`.")
    for name, text in zip(ordered, helps, strict=True):
        print(f"\n## {name}\n\n```text\n{text.rstrip()}\n```")


def said(name: str) -> str:
    """The help of a command, for a terminal of 80 columns."""
    command = [sys.executable, "-m", f"tf_happywhale.{name}", "--help"]
    narrow = {**os.environ, "COLUMNS": "80"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=narrow).stdout


if __name__ == "__main__":
    main()
