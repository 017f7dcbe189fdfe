"""Which model embedded a gallery, and where it lay: kept in the gallery, for the next trip."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEPT = ("image_size", "embed.precision", "records.source", "rank.members", "rank.weights")


@dataclass(frozen=True)
class OwnModel:
    """What the word MODEL was when a gallery was built.

    Attributes:
        word: the path of a run folder, exported folder or config; or the name of a model that
            needs no path, such as `lite0`.
        is_path: whether it is a path.
        settings: `key=value` of the settings on which the embeddings depend.
    """

    word: str
    is_path: bool
    settings: tuple[str, ...] = ()

    def to_json(self, folder: Path) -> dict[str, Any]:
        """Return it as `gallery.json` in `folder` has it: with a path that is seen from there."""
        where = (
            {"path": seen_from(folder, Path(self.word))} if self.is_path else {"name": self.word}
        )
        return {**where, "settings": list(self.settings)}


def model_from_json(told: Mapping[str, Any], folder: Path) -> OwnModel:
    """Return what `to_json` wrote; KeyError or TypeError if it is something else."""
    settings = kept_settings([str(one) for one in told["settings"]])
    if "path" in told:
        path = os.path.normpath(os.path.join(os.path.realpath(folder), str(told["path"])))
        return OwnModel(path, True, settings)
    return OwnModel(str(told["name"]), False, settings)


def kept_settings(overrides: Sequence[str]) -> tuple[str, ...]:
    """Return the settings on which embeddings depend."""
    return tuple(one for one in overrides if one.partition("=")[0].strip() in KEPT)


def seen_from(folder: Path, path: Path) -> str:
    """Return a path as it is seen from a folder, so that both can be moved together.

    Links are followed first, since `..` of a folder behind a link is the real folder's parent. A
    path on another drive of Windows is kept whole.
    """
    real = os.path.realpath(path)
    try:
        return Path(os.path.relpath(real, os.path.realpath(folder))).as_posix()
    except ValueError:  # Windows: there is no way from C: to D:
        return Path(real).as_posix()
