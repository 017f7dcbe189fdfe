"""Follow a tutorial word by word: run its commands, and write what they print below each.

    python docs/follow.py docs/tutorial/biologist.md      # from the root of a clean clone

Every ```bash block is run by bash in the order of the page, and what it prints becomes the ```text
block below it; progress bars and warnings, on standard error, are not kept. A ```sh block needs
something of the reader's own and is left alone. Where a command fails the page stays as it was.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

BLOCK = re.compile(r"(```bash\n(.*?)```\n)(\n```text\n.*?```\n)?", re.DOTALL)


def follow(page: str, run: Callable[[str], str]) -> str:
    """The page with the output of each of its blocks; `run` gives that of commands."""

    def with_output(block: re.Match) -> str:
        printed = run(block[2]).rstrip()
        return block[1] + (f"\n```text\n{printed}\n```\n" if printed else "")

    return BLOCK.sub(with_output, page)


def in_bash(commands: str) -> str:
    """What commands print; SystemExit where one fails."""
    print(commands, end="", file=sys.stderr)
    done = subprocess.run(["bash", "-ec", commands], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}\nThis block failed with status {done.returncode}:\n{commands}")
    return done.stdout


def main() -> None:
    """Follow each page that is named."""
    for page in map(Path, sys.argv[1:]):
        page.write_text(follow(page.read_text("utf-8"), in_bash), "utf-8")


if __name__ == "__main__":
    main()
