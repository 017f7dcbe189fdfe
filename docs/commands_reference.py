"""Print docs/commands.md: what each command says with --help."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tf_happywhale.commands import AS_MODULE, COMMANDS, GROUPS

START = "from tf_happywhale.__main__ import main; main()"


def main() -> None:
    """Print the page."""
    with ThreadPoolExecutor() as workers:
        helps = dict(zip(COMMANDS, workers.map(said, COMMANDS), strict=True))
    print(f"# Commands\n\n```text\n{said()}\n```\n")
    print(
        f"`{AS_MODULE}identify` is the same as `happywhale identify`, and so on. This page is made "
        "from the code by `make docs`."
    )
    for group, members in GROUPS.items():
        print(f"\n## {group}")
        for name in members:
            print(f"\n### {name}\n\n```text\n{helps[name]}\n```")


def said(*command: str) -> str:
    """Return what `happywhale`, or one of its commands, prints as help, 80 columns wide."""
    line = [sys.executable, "-c", START, *command, "--help"]
    narrow = {**os.environ, "COLUMNS": "80"}
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=narrow)
    return done.stdout.rstrip()


if __name__ == "__main__":
    main()
