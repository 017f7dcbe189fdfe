"""A new catalogue folder, for decisions on animals of whom nobody was known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.config import Data
from tf_happywhale.disk.files import write_bytes
from tf_happywhale.errors import InputError

NOTHING = "none"  # the word GALLERY if there is none
FROM_NOTHING = "gallery"  # a fact about animals that were identified so
HEAD = ",".join(("image", "box_number", "species", "individual_id", *FACTS))


def begin_catalogue(folder: Path, about: Mapping[str, str], data: Data) -> bool:
    """Make an empty catalogue folder if decisions go into one that is not there yet, and return
    whether that was done.

    Args:
        folder: where decisions go.
        about: facts about the animals identified; only for those that were identified without a
            gallery a folder is made, so that a mistyped name makes none.
        data: how the catalogue's files are named.

    Raises:
        InputError: the folder holds something else.
    """
    if about.get(FROM_NOTHING) != NOTHING or (folder / data.catalogue).is_file():
        return False
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} is there, but it is no catalogue (it has no {data.catalogue}): name a "
            "folder that is not there yet, and the catalogue is made in it."
        )
    (folder / data.train_images).mkdir(parents=True)
    write_bytes(folder / data.catalogue, f"{HEAD}\n".encode())
    return True
