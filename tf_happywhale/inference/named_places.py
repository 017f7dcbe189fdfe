"""What the words of a command stand for: a model or none, a gallery, and what follows."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tf_happywhale.catalogue.photographs.photo_files import is_photograph
from tf_happywhale.catalogue.tables.table import tables_in
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import HEAD, is_gallery
from tf_happywhale.inference.trained_models import is_run
from tf_happywhale.inference.untaught_models import DEFAULT, is_untaught
from tf_happywhale.run_folders.contents import settle

MOST = 500  # files of each level that are looked at for a better error


@dataclass(frozen=True)
class NamedPlaces:
    """The words of `[MODEL] GALLERY ...`.

    Attributes:
        model: the word MODEL; None if there is none.
        gallery: a saved gallery or a catalogue folder.
        rest: the words after it.
    """

    model: str | None
    gallery: Path
    rest: tuple[str, ...]


def read_places(words: Sequence[str], form: str, overrides: Sequence[str] = ()) -> NamedPlaces:
    """Return what the words stand for. The first one is MODEL or GALLERY by what it is on the disk.

    Args:
        words: as they were typed.
        form: what they should be, such as `[MODEL] GALLERY PHOTO...`.
        overrides: `key=value`, of which `data.catalogue` counts here.

    Raises:
        InputError: a word is none of both, or may be both, or a word is missing.
    """
    table = _table_named(None, overrides)
    first, second = words[0], words[1]
    wanted = len(form.split()) - 1  # without MODEL
    several = form.endswith("...")
    is_known, is_model = holds_animals(first, table), names_model(first)
    if several:
        with_model = is_model and (not is_known or holds_animals(second, table))
        if is_model and is_known and not with_model:
            raise InputError(_both(first, form))
    else:
        with_model = len(words) > wanted
    if with_model and not is_model:
        raise InputError(_no_model(first, second, table, form))
    if with_model and len(words) <= wanted:
        raise InputError(f"{first} is a model, and a word is missing after it: name {form}.")
    at = 1 if with_model else 0
    table = _table_named(first if with_model else None, overrides)
    gallery, rest = words[at], tuple(words[at + 1 :])
    if not holds_animals(gallery, table):
        raise InputError(_no_gallery(gallery, table, form, rest, named=at == 1))
    if several and names_model(rest[0]):
        raise InputError(
            f"{rest[0]} is a model, and a model comes before the gallery: name {form}."
        )
    return NamedPlaces(words[0] if at else None, _path(gallery), rest)


def names_model(word: str) -> bool:
    """Return whether a word stands for a model: a run folder, an exported one, a config, or the
    name of a model that nobody taught, unless a file or folder has that name."""
    path = _path(word)
    if path.is_dir():
        settle(path)
        return is_run(path)
    return path.suffix in (".yaml", ".yml") or (is_untaught(word) and not path.exists())


def holds_animals(word: str, table: str = "train.csv") -> bool:
    """Return whether a word is the folder of a saved gallery, or of a catalogue with this table."""
    path = _path(word)
    return is_gallery(path) or (path.is_dir() and (path / table).is_file())


def _path(word: str) -> Path:
    return Path(os.path.expanduser(word))  # unlike pathlib's, it takes a ~ without a home


def _table_named(model: str | None, overrides: Sequence[str]) -> str:
    """Return the name of a catalogue's table, which a trained model's config may say."""
    path = None if model is None else _path(model)
    config = path / "config.yaml" if path is not None and path.is_dir() else path
    return load_experiment(
        config if config and config.is_file() else None, overrides
    ).data.catalogue


def _both(word: str, form: str) -> str:
    after = form.removeprefix("[MODEL] GALLERY ")
    return (
        f"{word} holds a trained model and known animals too: write {word} {word} {after} to use "
        "both, or name another MODEL before it."
    )


def _no_model(first: str, second: str, table: str, form: str) -> str:
    if holds_animals(first, table) and names_model(second):
        return f"{second} is a model, and a model comes before the gallery: name {form}."
    return (
        f"{first} is no model: name a run folder with model.keras, a folder that `export` wrote, "
        f"an ensemble's config, or {DEFAULT}; or leave the model out ({form})."
    )


def _inside(folder: Path) -> tuple[list[str], bool]:
    """Return the run folders in a folder and in two levels of folders in it, and whether a
    photograph is there. It may be a whole disk, so not everything is looked at."""
    runs, photographs = [], False
    for depth in ("*", "*/*", "*/*/*"):
        for path in map(
            str, islice(glob.iglob(os.path.join(glob.escape(str(folder)), depth)), MOST)
        ):
            photographs = photographs or (is_photograph(Path(path)) and os.path.isfile(path))
            if os.path.isfile(os.path.join(path, "config.yaml")) and is_run(Path(path)):
                runs.append(path)
    return sorted(runs)[:3], photographs


def _no_gallery(word: str, table: str, form: str, rest: Sequence[str], *, named: bool) -> str:
    """Return why a word is no gallery, and what to do.

    Args:
        word, table, form: see `read_places`.
        rest: the words after it.
        named: whether a model was named before it.
    """
    path = _path(word)
    need = f"a folder with {table}, or a gallery that `gallery build` made (it has {HEAD})"
    need = need if named else f"a model (a run folder, a config, {DEFAULT}) or a gallery ({need})"
    if not path.exists():
        return f"There is no {word}: name {form}, where the first word is {need}."
    if rest and holds_animals(rest[0], table):
        return f"{word} is no gallery, but {rest[0]} is: name them in this order, {form}."
    if path.is_file():
        if is_photograph(path):
            return f"{word} is a photograph, and photographs come after the gallery: name {form}."
        return f"{word} is a file: name the folder that it is in, as {form} has it."
    runs, photographs = _inside(path)
    if runs:
        return f"{word} holds models, in {', '.join(runs)}: name one of them as MODEL."
    tables = ", ".join(tables_in(path))[:80]
    if tables:
        return (
            f"{word} is no gallery, since it has no {table}: say which of its tables lists the "
            f"animals with data.catalogue={tables_in(path)[0]} (it has: {tables})."
        )
    there = "has photographs, but " if photographs else ""
    return (
        f"{word} {there}has neither {table} nor {HEAD}: name {need}. Add {table} with the columns "
        "image,species,individual_id if its photographs are known animals; photographs to identify "
        f"come after the gallery ({form})."
    )
