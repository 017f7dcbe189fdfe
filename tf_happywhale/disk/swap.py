"""Replace older files by finished ones, all together.

The newer files are made in a folder inside the home of the older ones. A mark says that they are
whole. From then on they count: if a kill interrupts the swap, the process that opens the home next
finishes it. So the home holds all of the older files or all of the newer ones.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from tf_happywhale.disk.files import write_json
from tf_happywhale.disk.locks import locked

WHOLE = "whole.json"
AT_WORK = "at work in"


def swap_in(
    made: Path, *, last: str, outdated: Iterable[str] = (), unneeded: Iterable[Path] = ()
) -> None:
    """Move what is in the folder `made` into the folder around it, and replace what is there.

    Args:
        made: the newer files; it is gone afterwards.
        last: the file without which nobody reads the others. The older one is removed first, the
            newer one is moved last.
        outdated: further names in the home, which were made from the older files.
        unneeded: files in `made` that only the making needed. They stay until the mark is written:
            before that, a kill would leave nothing to resume from.
    """
    said = {
        "last": last,
        "outdated": [name for name in outdated if not (made / name).exists()],
        "unneeded": [file.relative_to(made).as_posix() for file in unneeded],
    }
    write_json(made / WHOLE, said)
    end_swap(made)


def end_swap(made: Path) -> None:
    """Finish a swap that has begun; do nothing if none has."""
    mark, home = made / WHOLE, made.parent
    if not mark.is_file():
        return
    said = json.loads(mark.read_text(encoding="utf-8"))
    last = said["last"]
    for name in said["unneeded"]:
        remove(made / name)
    names = sorted(path.name for path in made.iterdir() if path.name not in (WHOLE, last))
    names = [name for name in names if not name.startswith(".")]  # without unfinished files
    if (made / last).exists():
        remove(home / last)
        for name in [*said["outdated"], *names]:
            remove(home / name)
        for name in [*names, last]:
            os.replace(made / name, home / name)
    shutil.rmtree(made)


def settle_swap(made: Path) -> None:
    """Finish a swap that a kill has left, for a process that only reads. A process that swaps holds
    the lock `AT_WORK` of the home."""
    if (made / WHOLE).is_file():
        with locked(made.parent, AT_WORK, wait=60):
            end_swap(made)


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
