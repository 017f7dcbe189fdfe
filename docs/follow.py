"""Follow a tutorial word by word: run its commands, and write what they print below each.

    python docs/follow.py docs/tutorial/biologist.md      # from the root of a clean clone

Every ```bash block is run by bash in the order of the page, and what it prints becomes the ```text
block below it, of much only the beginning and the end; progress bars and warnings, on standard
error, are not kept. A ```sh block needs something of the reader's own and is left alone. Where a
command fails the page stays as it was.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

BLOCK = re.compile(r"(```bash\n(.*?)```\n)(\n```text\n.*?```\n)?", re.DOTALL)
FIRST, LAST = 8, 16  # lines that are kept of much


def follow(page: str, run: Callable[[str], str]) -> str:
    """The page with the output of each of its blocks; `run` gives that of commands."""

    def with_output(block: re.Match) -> str:
        printed = shorten(run(block[2]).rstrip())
        return block[1] + (f"\n```text\n{printed}\n```\n" if printed else "")

    return BLOCK.sub(with_output, page)


def shorten(printed: str) -> str:
    """The first and last lines of a long text, and how many are between."""
    lines = printed.split("\n")
    between = len(lines) - FIRST - LAST
    if between < 4:
        return printed
    return "\n".join([*lines[:FIRST], f"… {between} lines …", *lines[-LAST:]])


def in_bash(commands: str) -> str:
    """What commands print; SystemExit where one fails."""
    print(commands, end="", file=sys.stderr)
    # A make within make says which folder it enters, which the reader's does not.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    line = ["bash", "-ec", commands]
    done = subprocess.run(line, stdout=subprocess.PIPE, env=alone, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}\nThis block failed with status {done.returncode}:\n{commands}")
    return done.stdout


def main() -> None:
    """Follow each page that is named."""
    for page in map(Path, sys.argv[1:]):
        page.write_text(follow(page.read_text("utf-8"), in_bash), "utf-8")


if __name__ == "__main__":
    main()
