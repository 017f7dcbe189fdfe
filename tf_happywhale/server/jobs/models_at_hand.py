"""Which models can be chosen: the one that nobody taught, own trainings, and published ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tf_happywhale.errors import InputError, nearest
from tf_happywhale.galleries.gallery_folder import own_model
from tf_happywhale.models.published_models.table import PUBLISHED
from tf_happywhale.run_folders.published_folder import fetched, read_published
from tf_happywhale.server.home.home import MODEL, Home
from tf_happywhale.server.jobs.training_progress import trained

UNTAUGHT = "lite0"  # its weights come with this package


def models(home: Home) -> list[dict[str, Any]]:
    """Return the models that can be chosen, with `model` (the word of commands), `kind` (untaught,
    trained or published), `name`, `detail` (of a published one what it was trained on and its
    licence), `map` (mAP@5 in validation, if it was trained here), and whether each is `chosen` and
    is `used` by the gallery."""
    chosen, used = home.store.setting(MODEL) or UNTAUGHT, model_of_gallery(home)
    found = [_model(UNTAUGHT, "untaught", UNTAUGHT)]
    for folder in trained(home.training):
        name = folder.parent.relative_to(home.training).as_posix()
        found.append(_model(str(folder), "trained", name) | {"map": _measured(folder)})
    for name in PUBLISHED:
        folder = fetched(name)
        facts = read_published(folder) if folder else None
        if facts:
            limits = [facts.trained_on, facts.licence, facts.restricted]
            found.append(_model(name, "published", name, "; ".join(filter(None, limits))))
    return [one | {"chosen": one["model"] == chosen, "used": one["model"] == used} for one in found]


def check_model(home: Home, word: str) -> str:
    """Return a model's word.

    Raises:
        InputError: it is none of those that can be chosen.
    """
    words = [one["model"] for one in models(home)]
    if word not in words:
        raise InputError(f"There is no model {word[:200]!r}: {nearest(word, words)}.")
    return word


def model_of_gallery(home: Home) -> str | None:
    """Return the word of the model that embedded the gallery; None: it is not known."""
    if not home.has_gallery:
        return None
    model = own_model(home.gallery)[0]
    return None if model is None else model.word


def _model(word: str, kind: str, name: str, detail: str = "") -> dict[str, Any]:
    return {"model": word, "kind": kind, "name": name, "detail": detail, "map": None}


def _measured(folder: Path) -> float | None:
    try:
        found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        return float(found["map5_known"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
