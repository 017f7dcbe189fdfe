"""Lists of the photographs that a writer could not read, and of those that are damaged.

Each shard has its own two lists, next to it. When all shards are written, they become the tables
`skipped.csv` and `damaged.csv` of the records folder. A damaged photograph is in the records; a
skipped one is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.files import write_csv
from tf_happywhale.errors import InputError
from tf_happywhale.records.manifest import is_complete, skipped_images

COLUMNS = ["image", "split", "reason"]
SKIPPED_TABLE = "skipped.csv"
SKIPPED_ENDING, DAMAGED_ENDING = ".skipped.csv", ".damaged.csv"  # of a shard's lists


def is_written(folder: Path, *, skip_unreadable: bool) -> bool:
    """Return whether a writer has finished a records folder.

    Raises:
        InputError: it has, but photographs cannot be read, and they may not be left out.
    """
    if not is_complete(folder):
        return False
    if skipped_images(folder) and not skip_unreadable:
        raise unreadable(folder)
    return True


def write_list(file: Path, photographs: Sequence[Sequence[str]] | pd.DataFrame) -> None:
    """Write photographs (image, split, reason) to a file; remove the file if there are none."""
    if len(photographs):
        write_csv(file, pd.DataFrame(photographs, columns=COLUMNS))
    else:
        file.unlink(missing_ok=True)


def read_list(file: Path) -> pd.DataFrame:
    """Return the photographs that a file lists: none if there is no file."""
    if file.is_file():
        return read_text_table(file, COLUMNS)
    return pd.DataFrame(columns=COLUMNS, dtype=object)


def unreadable(folder: Path) -> InputError:
    """Return the error that names the first of the photographs in `skipped.csv`."""
    table = folder / SKIPPED_TABLE
    reasons = read_list(table)["reason"]
    first, count = reasons.iloc[0], len(reasons)
    which = f"{count} photographs cannot be read, the first" if count > 1 else "A photograph"
    return InputError(
        f"{which}: {first.rstrip('.')}. {table} lists them: mend them, or continue without by "
        "records.skip_unreadable=true."
    )
