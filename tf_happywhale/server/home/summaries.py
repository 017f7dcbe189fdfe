"""The catalogue and the gallery in a few numbers, counted again when their files change."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from tf_happywhale.errors import HappywhaleError
from tf_happywhale.server.home.home import MODEL, Home

Names = frozenset[str]
SAME_TIME = 2 * 10**9  # nanoseconds between what `gallery add` writes to catalogue and gallery


def catalogue_summary(home: Home) -> dict[str, Any] | None:
    """Return `folder`, `images`, `individuals` and `problem`; None without a catalogue."""
    folder = home.catalogue
    if folder is None:
        return None
    names, individuals, problem = _catalogue(folder, _state(folder / "train.csv"))
    return {
        "folder": str(folder), "images": len(names), "individuals": individuals, "problem": problem,
    }  # fmt: skip


def gallery_summary(home: Home) -> dict[str, Any] | None:
    """Return `images`, `individuals`, `model`, `stale` (rows were added to the catalogue after it
    was built, or it was embedded by another model than the chosen one) and `problem`; None without
    a gallery. Images that could not be read, or were removed as a correction, do not count."""
    if not home.has_gallery:
        return None
    parts = tuple((file.name, _state(file)) for file in sorted(home.gallery.glob("*-*.*")))
    names, built, individuals, model, problem = _gallery(home.gallery, parts)
    folder, chosen, behind = home.catalogue, home.store.setting(MODEL), False
    if folder is not None:
        table = _state(folder / "train.csv")
        last = max((state[0] for name, state in parts if name.startswith("part-")), default=0)
        behind = table[0] > last + SAME_TIME and bool(_catalogue(folder, table)[0] - built)
    stale = behind or (chosen is not None and chosen != model)
    return {
        "images": len(names), "individuals": individuals, "model": model, "stale": stale,
        "problem": problem,
    }  # fmt: skip


def _state(file: Path) -> tuple[int, int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0, 0)
    return status.st_mtime_ns, status.st_size, status.st_ino


@lru_cache(4)
def _catalogue(folder: Path, _state: object) -> tuple[frozenset[str], int, str | None]:
    from tf_happywhale.catalogue.catalogue_table import read_catalogue

    try:
        table = read_catalogue(
            folder / "train.csv", folder=folder / "train_images", must_be_there=False,
            may_be_empty=True,
        )  # fmt: skip
    except HappywhaleError as error:
        return frozenset(), 0, str(error)
    return frozenset(table["image"]), int(table["individual_id"].nunique()), None


@lru_cache(4)
def _gallery(folder: Path, _state: object) -> tuple[Names, Names, int, str | None, str | None]:
    """Return the images as they are corrected, those that were ever put in, how many individuals,
    the model and what is wrong."""
    from tf_happywhale.galleries.gallery_folder import open_gallery
    from tf_happywhale.galleries.numbered_files import numbered
    from tf_happywhale.retrieval.embedded_names import embedded_names

    try:
        gallery = open_gallery(folder)
        parts = numbered(folder, "part", ".npz")
        built = frozenset(name for part in parts for name in embedded_names(part)[0])
    except HappywhaleError as error:
        return frozenset(), frozenset(), 0, None, str(error)
    model = gallery.model.word if gallery.model else None
    individuals = len(set(gallery.individual_id.tolist()))
    return frozenset(gallery.image.tolist()), built, individuals, model, None
