"""What a gallery's questions about itself have said of local matching, kept in JSON files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tf_happywhale.config import Match
from tf_happywhale.disk.files import write_json
from tf_happywhale.disk.hashes import digest
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.teaching.matching_pays import Pays

TRIALS = "trials"  # a folder in a gallery, and where embeddings are kept
COLUMNS = ("encounter", "date", "content", "viewpoint", "species", "box")
FORM = "2"  # another one where scores or their interval are made in another way


@dataclass(frozen=True)
class Trial:
    """A gallery that was asked about itself with local matching and without.

    Attributes:
        pays: the answers.
        size: gallery images that each question was matched with.
        seconds: that this takes for a photograph; NaN if it is not known.
    """

    pays: Pays
    size: int
    seconds: float


def trial_of(gallery: Embeddings, asked: np.ndarray, settings: Match, best_of: int) -> str:
    """Return a digest of what a trial depends on.

    Args:
        gallery: the reference images, as their embeddings are compared.
        asked: bool [m], the images that may be asked.
        settings: the config's section.
        best_of: see `ask`.
    """
    embedding = np.ascontiguousarray(gallery.embedding, np.float32)
    named = [gallery.image.tolist(), gallery.individual_id.tolist()]
    named += [gallery.column(name).tolist() for name in COLUMNS]
    keys = settings.model_dump(include={"points", "size", "margin", "shortlist", "pairs"})
    numbers = hashlib.sha256(embedding.tobytes()).hexdigest()
    return digest([FORM, numbers, named, np.flatnonzero(asked).tolist(), keys, best_of])


def load_trial(homes: Sequence[Path], name: str) -> Trial | None:
    """Return the trial of that digest from the first of the folders that keeps it; None if none
    does, or its file is damaged."""
    for home in homes:
        with suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads(_file(home, name).read_text(encoding="utf-8"))
            pays = _pays(**said["pays"])
            return Trial(pays, int(said["size"]), _number(said["seconds"]))
    return None


def keep_trial(homes: Sequence[Path], name: str, trial: Trial) -> None:
    """Write a trial into the last of the folders that can be written to."""
    home = last_writable(homes)
    if home is not None:
        pays = {key: _or_null(value) for key, value in asdict(trial.pays).items()}
        said = {"pays": pays, "size": trial.size, "seconds": _or_null(trial.seconds)}
        write_json(_file(home, name), said)


def last_writable(homes: Sequence[Path]) -> Path | None:
    """Return the last of the folders that can be written to; None if none can."""
    return next((home for home in reversed(homes) if _writable(home)), None)


def _pays(questions: int, seen: bool, **numbers: float | None) -> Pays:
    """Return the answers; TypeError or ValueError if a value is of another type."""
    floats = {name: _number(value) for name, value in numbers.items()}
    return Pays(questions=int(questions), seen=bool(seen), **floats)


def _number(value: float | None) -> float:
    return float("nan" if value is None else value)


def _or_null(value: float) -> float | None:
    """Return None for NaN, which JSON lacks."""
    return None if np.isnan(value) else value


def _writable(home: Path) -> bool:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    return os.access(there, os.W_OK)


def _file(home: Path, name: str) -> Path:
    return home / TRIALS / f"{name[:16]}.json"
