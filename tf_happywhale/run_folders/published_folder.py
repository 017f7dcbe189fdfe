"""Folders of published models: where they lie on this machine, and what they say of themselves.

Such a folder holds `model.keras` and `config.yaml`, as a run folder does. `published.json` says
which published model it is, and `LICENCE.txt` on which terms.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from tf_happywhale.disk.files import restore_folder, write_json
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError

FACTS = "published.json"
LICENCE = "LICENCE.txt"
HOME = "HAPPYWHALE_MODELS"  # in the environment: the folder of all of them
NAME = re.compile("[a-z0-9][a-z0-9_]*")
CONVERSION = 1  # goes up when the same file is converted to other embeddings


@dataclass(frozen=True)
class PublishedFacts:
    """What the folder of a published model says.

    Attributes:
        name: its short name.
        sha256: of the file that was converted.
        size: side of its pictures, pixels.
        trained_on: what its makers trained it on, in words.
        licence: its licence.
        restricted: what that forbids, in words; empty: nothing.
        source: where it is published.
        fixed: whether it sees pictures of that size only.
        conversion: see `CONVERSION`.
    """

    name: str
    sha256: str
    size: int
    trained_on: str
    licence: str
    restricted: str
    source: str
    fixed: bool = False
    conversion: int = CONVERSION

    @property
    def content(self) -> str:
        """A digest that is the same wherever the same file was converted, whatever Keras wrote."""
        return digest(["published", self.name, self.sha256, self.conversion])


def models_home() -> Path:
    """Return the folder of the published models on this machine."""
    named = os.environ.get(HOME)
    return Path(os.path.expanduser(named or "~/.tf_happywhale/models"))


def fetched(word: str) -> Path | None:
    """Return the folder of a published model by its short name; None if it was not fetched."""
    if not NAME.fullmatch(word):
        return None
    folder = models_home() / word
    restore_folder(folder)
    return folder if is_published(folder) else None


def is_published(folder: Path) -> bool:
    """Return whether a folder holds a published model, converted or exported."""
    return (folder / FACTS).is_file()


def write_published(folder: Path, facts: PublishedFacts) -> None:
    """Write which published model a folder holds."""
    write_json(folder / FACTS, asdict(facts))


def read_published(folder: Path) -> PublishedFacts | None:
    """Read which published model a folder holds; None if it holds another kind of model.

    Raises:
        InputError: what it says is damaged.
    """
    file = folder / FACTS
    if not file.is_file():
        return None
    return _read(file, file.stat().st_mtime_ns)


@cache
def _read(file: Path, changed: int) -> PublishedFacts:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        kinds = PublishedFacts.__annotations__
        facts = PublishedFacts(**said)
        wrong = [k for k, kind in kinds.items() if type(getattr(facts, k)).__name__ != kind]
    except (ValueError, TypeError):
        wrong = ["all"]
    if wrong:
        raise InputError(f"{file} is damaged: remove the folder, and fetch the model again.")
    return facts
