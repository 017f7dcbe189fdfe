"""The catalogue and the gallery in a few numbers, counted again when their files change."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from tf_happywhale.errors import HappywhaleError
from tf_happywhale.server.home import MODEL, Home


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
    """Return `images`, `individuals`, `model`, `stale` (it lacks images of the catalogue, or was
    embedded by another model than the chosen one) and `problem`; None without a gallery."""
    if not home.has_gallery:
        return None
    parts = tuple((file.name, _state(file)) for file in sorted(home.gallery.glob("*-*.*")))
    names, individuals, model, problem = _gallery(home.gallery, parts)
    folder, chosen = home.catalogue, home.store.setting(MODEL)
    known = _catalogue(folder, _state(folder / "train.csv"))[0] if folder else names
    stale = known != names or (chosen is not None and chosen != model)
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
def _gallery(folder: Path, _state: object) -> tuple[frozenset[str], int, str | None, str | None]:
    from tf_happywhale.galleries.gallery_folder import open_gallery

    try:
        gallery = open_gallery(folder)
    except HappywhaleError as error:
        return frozenset(), 0, None, str(error)
    model = gallery.model.word if gallery.model else None
    return frozenset(gallery.image.tolist()), len(set(gallery.individual_id.tolist())), model, None
