"""What a person keeps where pages are written: it is not replaced with the pages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from pathlib import Path

from tf_happywhale.catalogue.photographs.own_output import is_own_output
from tf_happywhale.disk.files import shown
from tf_happywhale.errors import InputError
from tf_happywhale.review.page_html import BODY

OURS = re.compile(r"index\.html|page-\d{3,}\.html|thumbnails")


def check_pages(folder: Path, one_file: Path | None = None) -> None:
    """Refuse to replace a folder of pages, or the one file, that this program did not write.

    Raises:
        InputError: it did not; the error says which.
    """
    foreign = folder.exists() and not (is_own_output(folder) or _is_page(folder / "index.html"))
    other = one_file is not None and one_file.exists() and not _is_page(one_file)
    if foreign or other:
        raise InputError(
            f"{folder if foreign else one_file} was not written by this program: move it away, or "
            "choose another output."
        )


def keep_other_files(folder: Path, making: Path, without: Collection[str] = ()) -> None:
    """Copy what a person keeps in a folder of pages, such as decisions, into the folder that will
    replace it. Pages, thumbnails and the figures that the first page shows are the program's, and
    so are the files named in `without`."""
    if not folder.is_dir():
        return
    first = folder / "index.html"
    page = first.read_text(encoding="utf-8") if first.is_file() else ""
    for entry in shown(folder.iterdir()):
        ours = entry.name in without or OURS.fullmatch(entry.name) or f'src="{entry.name}"' in page
        if ours or (making / entry.name).exists():
            continue
        copy = shutil.copytree if entry.is_dir() else shutil.copy2
        copy(entry, making / entry.name)


def _is_page(file: Path) -> bool:
    return file.is_file() and BODY.encode() in file.read_bytes()
