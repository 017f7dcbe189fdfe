"""Reading the catalogue: every column is text, and every image stands in it once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pandas as pd

from tf_happywhale.catalogue.animal import BOX_NUMBER, keys_of, photograph_of, split_key
from tf_happywhale.catalogue.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.species import fix_species
from tf_happywhale.errors import InputError

IMAGE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})


def read_text_table(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    """Read a CSV as text: `09913`, `1e10`, `NA` and the empty cell stay what they are.

    A byte order mark and CRLF line ends are fine.

    Raises:
        InputError: the file is missing, not UTF-8, ragged, or lacks one of `columns`.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file {path}: check data.root and the names in the config.")
    try:
        table = pd.read_csv(
            path, dtype=str, keep_default_na=False, na_filter=False, encoding="utf-8-sig"
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f"{path} is not a UTF-8 comma-separated table ({reason}).") from None
    if not isinstance(table.index, pd.RangeIndex):
        raise InputError(f"{path} has rows with more cells than its header: mend those rows.")
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(
            f"{path} lacks the column {', '.join(missing)}: its header is "
            f"{','.join(table.columns)}."
        )
    return table.fillna("").astype(object)


def read_catalogue(path: Path) -> pd.DataFrame:
    """The catalogue's rows in file order: text columns image, species, individual_id, and others.

    A missing `species` column is filled with empty text; known misspellings of species are mended.
    A photograph may be listed several times with different numbers in the column box_number, which
    becomes part of `image`, the key of an animal (`catalogue/animal.py`).

    Raises:
        InputError: a column is missing, an image is listed twice, an image's name leaves the
            folder, or an individual_id is empty, has spaces, or is `new_individual`.
    """
    table = read_text_table(path, ("image", "individual_id"))
    if table.empty:
        raise InputError(f"{path} lists no image: add rows image,species,individual_id.")
    if BOX_NUMBER in table.columns:
        table["image"] = keys_of(list(table["image"]), list(table.pop(BOX_NUMBER)), path.name)
    check_names(table["image"], path)
    for row, identity in enumerate(table["individual_id"], start=2):
        if not identity or identity != "".join(identity.split()):
            raise InputError(
                f"{path} line {row}: individual_id {identity!r} must be text without spaces, "
                "since a submission separates ids by spaces."
            )
        if identity == NEW_INDIVIDUAL:
            raise InputError(
                f"{path} line {row}: new_individual is no individual; leave such images out of "
                "the catalogue."
            )
    if "species" not in table.columns:
        table["species"] = ""
    table["species"] = fix_species(table["species"])
    return table


def read_answers(path: Path) -> dict[str, str]:
    """The individual_id (or `new_individual`) of held-out images, by image name."""
    table = read_text_table(path, ("image", "individual_id"))
    check_names(table["image"], path)
    return dict(zip(table["image"], table["individual_id"], strict=True))


def check_names(names: Iterable[str], path: Path) -> None:
    """Refuse images listed twice and names that lead out of the image folder.

    Args:
        names: of images, or keys of animals in them.
        path: of the table.

    Raises:
        InputError: with the first such name.
    """
    seen: set[tuple[str, int]] = set()
    for key in names:
        name, number = split_key(key)
        pure = PurePosixPath(name.replace("\\", "/"))
        if (str(pure), number) in seen:
            raise InputError(
                f"{path} lists the image {name!r} twice with box number {number}: keep one of the "
                f"rows. If it shows several animals, count them 1, 2, 3 in a column {BOX_NUMBER}, "
                "here and in boxes.csv."
            )
        seen.add((str(pure), number))
        if not name or pure.is_absolute() or ".." in pure.parts or "\0" in name or ":" in name:
            raise InputError(
                f"{path} names the image {name!r}, which is not inside the image folder: "
                "give a name relative to it."
            )


def check_images(names: Iterable[str], folder: Path, listed_in: Path) -> None:
    """Raise InputError, naming the first, when listed images are not in `folder`."""
    photographs = dict.fromkeys(map(photograph_of, names))
    missing = [name for name in photographs if not (Path(folder) / name).is_file()]
    if missing:
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise InputError(
            f"{listed_in} lists {missing[0]!r}{others}, but {folder} has no such file: "
            "add it, or remove the row."
        )


def list_images(folder: Path) -> list[str]:
    """Names of the images below `folder`, sorted, relative to it.

    Raises:
        InputError: there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: check data.root and data.test_images.")
    names = sorted(
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.suffix.lower() in IMAGE_ENDINGS and file.is_file() and file.name[0] != "."
    )
    for name in names:
        if not name.isprintable() and name.encode("utf-8", "replace").decode() != name:
            raise InputError(f"{name!r} in {folder} is no UTF-8 name: rename the file.")
    return names
