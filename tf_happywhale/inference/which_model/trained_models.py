"""Trained models: run folders, what `export` made of them, published models that were fetched, and
the models of an ensemble."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from tf_happywhale.config import Embed, Experiment, load_experiment
from tf_happywhale.derived import as_derived
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.inference.engines.conversion import LEAST_COSINE
from tf_happywhale.inference.engines.model_runtime import check_same_model, runtime_of
from tf_happywhale.inference.engines.runtimes import ENGINE_OF
from tf_happywhale.inference.which_model.embedded_crops import embedded_sources
from tf_happywhale.models.published_models.names import fetched_folder
from tf_happywhale.models.published_models.table import PUBLISHED
from tf_happywhale.retrieval.ensemble.members import find_members
from tf_happywhale.retrieval.teaching.elsewhere import trained_elsewhere
from tf_happywhale.run_folders.contents import settle
from tf_happywhale.run_folders.published_folder import PublishedFacts, is_published, read_published

EXPORTED = "export.json"  # in a folder that `export` wrote
SOURCE = "records.source="


@dataclass(frozen=True)
class TrainedModel:
    """One trained model.

    Attributes:
        folder: its run folder, an exported one, or that of a published model.
        experiment: the settings that it was trained with.
        weight: its share of the score in an ensemble.
        embed: the engine that runs it, and the precision.
        decided: whether it is known which boxes it looks at (`box_source.py`).
    """

    folder: Path
    experiment: Experiment
    weight: float = 1.0
    embed: Embed = field(default_factory=Embed)
    decided: bool = True

    taught = True  # whether it was trained to tell individuals apart; no field

    @property
    def file(self) -> Path:
        """The Keras model."""
        return self.folder / "model.keras"

    @property
    def sources(self) -> list[str]:
        """The boxes whose crops are embedded; of several crops the mean counts."""
        return [source or self.primary for source in embedded_sources(self.experiment.records)]

    @property
    def primary(self) -> str:
        """The box that is used where a photograph has no box of a source."""
        return self.experiment.records.source

    @property
    def sizes(self) -> tuple[int, int]:
        """Side of the crop as the records store it, and as the model sees it, pixels."""
        experiment = self.experiment
        return experiment.records.size or experiment.image_size, experiment.image_size

    @cached_property
    def about(self) -> dict[str, str]:
        """What its embeddings were made by: model, source, view, preprocess. Only embeddings that
        agree in all of them can be compared.

        Raises:
            InputError: it was exported, and the file that says so is damaged.
        """
        if self.exported:
            about = _exported(self.folder, "about", str)
            return about | ({} if not self.published else {"source": self.primary})
        size, precision = self.experiment.image_size, self.embed.precision
        of_others = self.published
        return {
            "model": of_others.content if of_others else sha256(self.file),
            "source": self.experiment.records.embed_source or self.primary,
            "view": "original",
            "preprocess": f"{'smoothly ' if of_others else ''}squashed to {size}"
            + ("" if precision == "float32" else f", {precision}"),
            **({"trained_on": trained_elsewhere(of_others.trained_on)} if of_others else {}),
        }

    @property
    def exported(self) -> bool:
        """Whether `export` wrote the folder."""
        return (self.folder / EXPORTED).is_file()

    @cached_property
    def published(self) -> PublishedFacts | None:
        """Which model of others it is; None if it was trained here. InputError: that is damaged."""
        return read_published(self.folder)

    def with_settings(self, given: Experiment, overrides: Sequence[str]) -> Self:
        """Return a model of others with the size and the boxes that a person asks for. A model that
        was trained here has its own.

        Args:
            given: the settings.
            overrides: `key=value`, by which they differ from the model's.

        Raises:
            InputError: a model is asked for a size of pictures that it cannot see.
        """
        if not self.published:
            return self
        size = self.experiment.image_size if self.exported else given.image_size
        if self.published.fixed and size != self.published.size:
            raise InputError(
                f"{self.published.name} sees pictures of {self.published.size} pixels only, and "
                f"image_size is {size}: leave image_size out."
            )
        asked = {"image_size": size, "records": given.records}
        decided = any(one.startswith(SOURCE) for one in overrides)
        return replace(self, experiment=self.experiment.model_copy(update=asked), decided=decided)

    def looking_at(self, source: str) -> Self:
        """Return the model that looks at the boxes of a source."""
        records = self.experiment.records.model_copy(update={"source": source})
        experiment = self.experiment.model_copy(update={"records": records})
        return replace(self, experiment=experiment, decided=True)

    def load(self) -> Callable:
        """Return the model as a function of pictures uint8 [n, s, s, 3] to float32 [n, d].

        Raises:
            InputError: another model has replaced it since `about` was read, or it was exported and
                its embeddings in this precision were not near enough.
        """
        known, size, of_others = self.about, self.sizes[1], self.published
        if self.exported and self.embed.precision != "float32":
            self._check_precision(self.embed.precision)
        own_size = not of_others or self.exported or size == of_others.size
        converted = self.folder if own_size else self.folder / f"{size}px"
        forward = runtime_of(self.folder, size, self.embed.engine, self.embed.precision, converted)
        if not (self.exported or of_others):
            check_same_model(self.file, known["model"])
        return forward

    def _check_precision(self, precision: str) -> None:
        proven = _exported(self.folder, "cosine", float)
        cosine = proven.get(f"{ENGINE_OF[precision]} {precision}", 1.0)  # earlier exports: none
        if not cosine >= LEAST_COSINE[precision]:
            raise InputError(
                f"{self.folder} is not for {precision}, since its embeddings in it differed "
                f"from Keras' (cosine {cosine:.6f}): leave embed.precision out."
            )

    def network(self):
        """Return the Keras model.

        Raises:
            InputError: there is none, as in an exported folder.
        """
        from tf_happywhale.run_folders.model_files import load_model  # which imports Keras

        return load_model(self.file)


def find_trained(
    path: Path, overrides: Sequence[str] = ()
) -> tuple[Experiment, list[TrainedModel]]:
    """Return the settings and the models that the word MODEL of a command stands for.

    Args:
        path: a run folder, an exported folder, a published model's folder or its name, or a
            config. A config stands for its `members`, or without any for the models of its own
            folds or of its variants' folds.
        overrides: `key=value`, which change the settings.

    Raises:
        InputError: there is no such model.
    """
    path = _folder_of(Path(path).expanduser())
    if path.is_dir():
        settle(path)
        if not is_run(path):
            inside = [str(f) for f in sorted(path.glob("**/fold*")) if is_run(f)][:3]
            hint = f"; there is one in {', '.join(inside)}" if inside else ""
            raise InputError(
                f"{path} is not a run folder with model.keras and config.yaml{hint}: name one, or "
                "an ensemble's config."
            )
        experiment = load_experiment(path / "config.yaml", overrides)
        model = _trained(path, 1.0, experiment.embed)
        return experiment, [model.with_settings(experiment, overrides)]
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"There is no model {path}: name a run folder, or an ensemble's config.")
    experiment = load_experiment(path, overrides)
    named = experiment
    if not experiment.members:  # then they are in the config's own output, which overrides change
        own = as_derived(load_experiment(path))
        named = own.model_copy(update={"rank": experiment.rank})
    members = find_members(named)
    return experiment, [_trained(one.run, one.weight, experiment.embed) for one in members]


def is_run(folder: Path) -> bool:
    """Return whether a folder holds a trained model and its config."""
    model = (folder / "model.keras").is_file() or (folder / EXPORTED).is_file()
    return model and (folder / "config.yaml").is_file()


def _exported(folder: Path, what: str, kind: type) -> dict:
    """Return what an exported folder says; InputError if that is damaged."""
    file = folder / EXPORTED
    try:
        said = json.loads(file.read_text(encoding="utf-8"))[what]
        return {str(name): kind(value) for name, value in said.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{file} is damaged: export the model again.") from None


def _folder_of(path: Path) -> Path:
    """Return the folder that the name of a published model stands for, or else the path. A run
    folder of that name goes before."""
    return fetched_folder(str(path)) if str(path) in PUBLISHED and not is_run(path) else path


def _trained(folder: Path, weight: float, embed: Embed) -> TrainedModel:
    folder = _folder_of(folder)
    settle(folder)
    if not is_run(folder):
        raise InputError(
            f"{folder} holds no model.keras with its config.yaml: run `python -m "
            "tf_happywhale.train` first."
        )
    own = load_experiment(folder / "config.yaml")
    return TrainedModel(folder, own, weight, embed, decided=not is_published(folder))
