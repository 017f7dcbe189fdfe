"""What the words of a command stand for: a model or none, a gallery, and what follows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import is_gallery
from tf_happywhale.galleries.new_catalogue import NOTHING
from tf_happywhale.inference.which_model.trained_models import is_run
from tf_happywhale.inference.which_model.which_model import model_names
from tf_happywhale.inference.which_model.wrong_places import no_gallery, no_model
from tf_happywhale.run_folders.contents import settle


@dataclass(frozen=True)
class NamedPlaces:
    """The words of `[MODEL] GALLERY ...`.

    Attributes:
        model: the word MODEL; None if there is none.
        gallery: a saved gallery or a catalogue folder, or `none` where photographs follow.
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
    form = f"`{form}`"
    table = _table_named(None, overrides)
    first, second = words[0], words[1]
    wanted = len(form.split()) - 1  # without MODEL
    several = form.endswith("...`")
    is_known, is_model = holds_animals(first, table), names_model(first)
    if several:
        with_model = is_model and (not is_known or holds_animals(second, table))
        if is_model and is_known and not with_model:
            raise InputError(
                f"{first} holds a trained model and known animals too: write {first} {first} "
                f"{second} to use both, or name another model first ({form})."
            )
    else:
        with_model = len(words) > wanted
    if with_model and not is_model:
        raise InputError(no_model(first, holds_animals(first, table) and names_model(second), form))
    if with_model and len(words) <= wanted:
        raise InputError(f"{first} is a model, but then {second} alone is not enough: name {form}.")
    at = 1 if with_model else 0
    table = _table_named(first if with_model else None, overrides)
    gallery, rest = words[at], tuple(words[at + 1 :])
    nothing = several and gallery == NOTHING
    if not nothing and not holds_animals(gallery, table):
        known = next((word for word in rest if holds_animals(word, table)), "")
        raise InputError(no_gallery(gallery, table, known, form))
    if several and names_model(rest[0]):
        raise InputError(
            f"{rest[0]} is a model, and a model comes before the gallery: name {form}."
        )
    return NamedPlaces(words[0] if at else None, _path(gallery), rest)


def names_model(word: str) -> bool:
    """Return whether a word stands for a model: a run folder, an exported one, a config, or one of
    `model_names`, unless a file or folder has that name."""
    path = _path(word)
    if path.is_dir():
        settle(path)
        return is_run(path)
    return path.suffix in (".yaml", ".yml") or (word in model_names() and not path.exists())


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
