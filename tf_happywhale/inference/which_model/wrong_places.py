"""Sentences on words of a command that are no model or no gallery, with what to do."""

from __future__ import annotations

import difflib
import glob
import os
from itertools import islice
from pathlib import Path

from tf_happywhale.catalogue.photographs.photo_files import is_photograph
from tf_happywhale.catalogue.tables.table import tables_in
from tf_happywhale.inference.which_model.trained_models import is_run
from tf_happywhale.inference.which_model.untaught_models import DEFAULT
from tf_happywhale.inference.which_model.which_model import model_names

MOST = 500  # files of each level that are looked at


def no_model(word: str, model_second: bool, form: str) -> str:
    """Return why a word is no model, and what to do.

    Args:
        word: the first one.
        model_second: whether it is a gallery, and the second word is a model.
        form: what the words should be.
    """
    if model_second:
        return f"{word} is the gallery, and a model comes before it: name {form}."
    return (
        f"{word} is no model: name a run folder with model.keras, a folder that `export` wrote, an "
        f"ensemble's config, a published model, or {DEFAULT}, or leave the model out ({form})."
    )


def no_gallery(word: str, table: str, known: str, form: str) -> str:
    """Return why a word is no gallery, and what to do.

    Args:
        word: where the gallery should be.
        table: the name of a catalogue's table.
        known: a later word that is a gallery; empty if there is none.
        form: what the words should be.
    """
    path = Path(os.path.expanduser(word))
    if known and not path.exists():
        return f"There is no {word}{_like(word)}: correct it, or begin with {known} ({form})."
    if known:
        return f"{word} is no gallery, but {known} is: name {known} before it ({form})."
    if not path.exists():
        return f"There is no {word}{_like(word)}: name the folder with your {table} first ({form})."
    if path.is_file() and is_photograph(path):
        return (
            f"{word} is a photograph: name the folder with your {table} first, and the "
            f"photographs after it ({form})."
        )
    if path.is_file():
        return f"{word} is a file: name the folder that it is in, {path.parent} ({form})."
    if (path.parent / table).is_file():
        return f"{word} has no {table}, but {path.parent} has: name that folder first ({form})."
    runs, photographs = _inside(path)
    if runs:
        return (
            f"{word} holds models, in {', '.join(runs)}: name one of them, or a gallery ({form})."
        )
    tables = tables_in(path)
    if tables:
        return (
            f"{word} has no {table}, the table of known animals: say which of its tables it is "
            f"with data.catalogue={tables[0]} (it has: {', '.join(tables)[:80]})."
        )
    holds = "photographs, but no" if photographs else "no"
    return (
        f"{word} has {holds} {table}, the table of known animals (image,species,individual_id): "
        f"add it, or name the folder that has one first ({form})."
    )


def _like(word: str) -> str:
    near = difflib.get_close_matches(word, model_names(), 3, 0.6)
    return f" (and no model of that name; there is {', '.join(near)})" if near else ""


def _inside(folder: Path) -> tuple[list[str], bool]:
    """Return the run folders in a folder and in two levels of folders in it, and whether a
    photograph is there. It may be a whole disk, so not everything is looked at."""
    runs, photographs = [], False
    for depth in ("*", "*/*", "*/*/*"):
        below = glob.iglob(os.path.join(glob.escape(str(folder)), depth))
        for path in islice(below, MOST):
            photographs = photographs or (is_photograph(Path(path)) and os.path.isfile(path))
            if os.path.isfile(os.path.join(path, "config.yaml")) and is_run(Path(path)):
                runs.append(path)
    return sorted(runs)[:3], photographs
