"""The stamps of versions before `made_from.json`: a digest of what a training was made from.

Their run folders hold the settings. So the digest shows whether the rest (weights, photographs,
labels, folds) is the same as today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tf_happywhale.config import load_dumped
from tf_happywhale.config.renamed import as_before
from tf_happywhale.config.text import read_yaml
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import HappywhaleError
from tf_happywhale.training.resume.made_from import SECTIONS, MadeFrom, differences, flat

LIMITS = {"checkpoint_minutes", "max_hours", "max_bad_steps", "device", "steps_per_execution"}


@dataclass(frozen=True)
class OlderForm:
    """Today's inputs of a training, in the form that earlier versions noted.

    Attributes:
        today: the inputs in the present form.
        inputs: what the earlier form held, without the settings and the records' name.
        records: names of the records folders whose training examples are those of today.
    """

    today: MadeFrom
    inputs: dict[str, Any]
    records: Sequence[str]

    def forms(self, folder: Path) -> list[dict[str, Any]]:
        """Return what an earlier version would have noted with today's inputs and the settings of
        the folder's config.yaml; empty if config.yaml cannot be read."""
        tree = settings_of(folder)
        if tree is None:
            return []
        config = as_before(_without_limits(tree))
        return [{**self.inputs, "records": name, "config": config} for name in self.records]

    def stamps(self, folder: Path) -> list[str]:
        """Return the digests of the forms that `forms` returns."""
        return [digest(form) for form in self.forms(folder)]

    def same(self, folder: Path) -> list[dict[str, Any]]:
        """Return these forms if the folder's settings are those asked for; otherwise none."""
        forms = self.forms(folder)
        return forms if forms and not differences(self.today, self.made_from(folder)) else []

    def made_from(self, folder: Path) -> MadeFrom:
        """Return what the training with this stamp is made from."""
        return replace(self.today, config=flat(settings_of(folder) or {}), teachers=None)


def settings_of(folder: Path) -> dict[str, Any] | None:
    """Return the sections of a run folder's config.yaml that training reads, with the keys of that
    time; None if it cannot be read."""
    file = folder / "config.yaml"
    try:
        tree = load_dumped(file).model_dump(mode="json", include=SECTIONS)
        written = read_yaml(file)
    except (HappywhaleError, OSError):
        return None
    return {
        name: {key: v for key, v in value.items() if key in written[name]}
        if isinstance(value, dict)
        else value
        for name, value in tree.items()
        if name in written
    }


def _without_limits(config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that the earlier version counted."""
    train = config.get("train", {})
    left_out = set(LIMITS)
    if train.get("precision") == "auto":
        left_out.add("precision")
    if not train.get("embedding_mixup"):
        left_out.add("embedding_mixup")
    return {**config, "train": {k: v for k, v in train.items() if k not in left_out}}
