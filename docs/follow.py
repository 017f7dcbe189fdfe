"""Follow a page word by word: run what it says, and write what that prints below each block.

    python docs/follow.py docs/tutorial/biologist.md      # from the root of a clean clone

Each ```bash block is run by bash, and each ```python block by this Python, in the order of the
page; the Python blocks of a page share their variables. What a block prints becomes the ```text
block below it; of a long output the beginning and the end are kept. Progress bars and warnings,
which go to standard error, are not kept. A ```sh block needs something of the reader's, and is not
run. If a block fails, the page stays as it was.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

BLOCK = re.compile(r"(```(bash|python)\n(.*?)```\n)(\n```text\n.*?```\n)?", re.DOTALL)
FIRST, LAST = 8, 16  # lines of a long output that are kept


def follow(page: str, run: Mapping[str, Callable[[str], str]]) -> str:
    """Return the page with the output of each block; `run` has a function for each language."""

    def with_output(block: re.Match) -> str:
        printed = shorten(run[block[2]](block[3]).rstrip())
        return block[1] + (f"\n```text\n{printed}\n```\n" if printed else "")

    return BLOCK.sub(with_output, page)


def shorten(printed: str) -> str:
    """Return the first and last lines of a long text, and how many are between."""
    lines = printed.split("\n")
    between = len(lines) - FIRST - LAST
    if between < 4:
        return printed
    return "\n".join([*lines[:FIRST], f"… {between} lines …", *lines[-LAST:]])


def in_bash(commands: str) -> str:
    """Return what commands print; SystemExit if one fails."""
    print(commands, end="", file=sys.stderr)
    # A make inside a make says which folder it enters, which the reader's does not.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    # Each block has a shell of its own; the reader's stays activated.
    alone["PATH"] = f"{Path('.venv/bin').resolve()}{os.pathsep}{os.environ['PATH']}"
    line = ["bash", "-ec", commands]
    done = subprocess.run(line, stdout=subprocess.PIPE, env=alone, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}\nThis block failed with status {done.returncode}:\n{commands}")
    return done.stdout


def python_session() -> Callable[[str], str]:
    """Return a function that runs Python and returns what it prints; SystemExit if it fails.

    Its calls share their variables.
    """
    variables: dict = {"__name__": "__main__"}

    def run(code: str) -> str:
        print(code, end="", file=sys.stderr)
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(code, "page", "exec"), variables)
        except Exception:
            sys.exit(f"{printed.getvalue()}\n{traceback.format_exc()}This block failed:\n{code}")
        return printed.getvalue()

    return run


def main() -> None:
    """Follow each page that is named."""
    for page in map(Path, sys.argv[1:]):
        run = {"bash": in_bash, "python": python_session()}
        page.write_text(follow(page.read_text("utf-8"), run), "utf-8")


if __name__ == "__main__":
    main()
