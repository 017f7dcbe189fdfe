"""Models that are done training: run folders and what `export` makes of them, alone or together."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tf_happywhale.config import Embed, Experiment, load_dumped, load_experiment, variants_of
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.places import run_folder
from tf_happywhale.run_folders.contents import settle

EXPORTED = "export.json"  # in a folder that `export` made


@dataclass(frozen=True)
class TrainedModel:
    """One finished model.

    Attributes:
        folder: its run folder, or an exported one.
        experiment: how it was trained.
        weight: its share of the score, against other members'.
        embed: who runs it, and how precisely.
    """

    folder: Path
    experiment: Experiment
    weight: float = 1.0
    embed: Embed = field(default_factory=Embed)

    @property
    def file(self) -> Path:
        """The Keras model."""
        return self.folder / "model.keras"

    @property
    def sources(self) -> list[str]:
        """The crops that are embedded, of several the mean."""
        records = self.experiment.records
        if records.embed_source == "all":
            return [records.source, *records.more_sources]
        return [records.embed_source or records.source]

    @property
    def primary(self) -> str:
        """The crop that stands in for one that a photograph has no box of."""
        return self.experiment.records.source

    @property
    def sizes(self) -> tuple[int, int]:
        """Side of the crop as records would store it, and as the model sees it, pixels."""
        experiment = self.experiment
        return experiment.records.size or experiment.image_size, experiment.image_size

    @cached_property
    def about(self) -> dict[str, str]:
        """What its embeddings say of themselves, as `embed` writes it."""
        if (self.folder / EXPORTED).is_file():
            return _exported(self.folder / EXPORTED)
        records = self.experiment.records
        return {
            "model": sha256(self.file),
            "source": records.embed_source or records.source,
            "view": "original",
            "preprocess": preprocess(self.experiment.image_size, self.embed.precision),
        }

    def load(self) -> Callable:
        """The model as a function of pictures uint8 [n, s, s, 3] to [n, d] float32.

        Raises:
            InputError: another model has taken its place since `about` was asked for.
        """
        from tf_happywhale.inference.runtimes import check_same, choose

        known = self.about
        forward = choose(self.folder, self.sizes[1], self.embed.engine, self.embed.precision)
        if not (self.folder / EXPORTED).is_file():
            check_same(self.file, known["model"])
        return forward


def is_run(folder: Path) -> bool:
    """Whether a folder holds a finished model and its config."""
    model = (folder / "model.keras").is_file() or (folder / EXPORTED).is_file()
    return model and (folder / "config.yaml").is_file()


def _exported(file: Path) -> dict[str, str]:
    try:
        about = json.loads(file.read_text(encoding="utf-8"))["about"]
        return {str(name): str(value) for name, value in about.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{file} is damaged: export the model again.") from None


def find_trained(
    path: Path, overrides: Sequence[str] = ()
) -> tuple[Experiment, list[TrainedModel]]:
    """The settings and the models that MODEL means.

    Args:
        path: a run folder, or a config whose `members` (or its own or its variants' folds) are run
            folders.
        overrides: `key=value` on top of the run folder's config, or of the named one.

    Raises:
        InputError: there is no such model, in one sentence.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        settle(path)
        if not is_run(path):
            inside = [str(f) for f in sorted(path.glob("**/fold*")) if is_run(f)][:3]
            hint = f"; there is one in {', '.join(inside)}" if inside else ""
            raise InputError(
                f"{path} is not a run folder with model.keras and config.yaml{hint}: name one, or "
                "an ensemble's config."
            )
        experiment = load_dumped(path / "config.yaml", overrides)
        return experiment, [_trained(path, 1.0, experiment.embed)]
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"There is no model {path}: name a run folder, or an ensemble's config.")
    experiment = load_experiment(path, overrides)
    if experiment.members:
        members = [(_run_of(Path(m.path).expanduser()), m.weight) for m in experiment.members]
    else:
        own = load_experiment(path)  # its models lie where its own output is
        members = [
            (run_folder(variant, fold), 1.0)
            for variant in variants_of(own)
            for fold in variant.folds
        ]
    return experiment, [_trained(*member, experiment.embed) for member in members]


def _run_of(path: Path) -> Path:
    """The run folder of a member, which may be named by its embeddings."""
    path = path.parent if path.suffix == ".npz" else path
    return path.parent if path.name == "embeddings" else path


def _trained(folder: Path, weight: float, embed: Embed) -> TrainedModel:
    settle(folder)
    if not is_run(folder):
        raise InputError(
            f"{folder} holds no model.keras with its config.yaml: run `python -m "
            "tf_happywhale.train` first."
        )
    return TrainedModel(folder, load_dumped(folder / "config.yaml"), weight, embed)


def preprocess(size: int, precision: str) -> str:
    """How a crop becomes an embedding, in words: another precision gives other embeddings."""
    return f"squashed to {size}" + ("" if precision == "float32" else f", {precision}")
