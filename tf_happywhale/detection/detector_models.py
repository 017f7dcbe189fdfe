"""The detector's models: one for each fold, or weights that the config names."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.catalogue.boxes.box_rows import is_manual
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Experiment
from tf_happywhale.disk.swap import settle_swap
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.places import detector_folder

NEXT = "next"  # in a fold's folder: the folder of a model that is not complete yet
TRAINED_ON = "trained_on.csv"  # in a fold's folder: the photographs that its model was trained on


def asked_folds(experiment: Experiment) -> list[int]:
    """Return the folds whose models are asked for.

    Raises:
        ConfigError: there is no such fold.
    """
    if experiment.fold == "all":
        return list(range(experiment.detect.folds))
    if experiment.fold >= experiment.detect.folds:
        raise ConfigError(
            f"fold {experiment.fold} does not exist: detect.folds is {experiment.detect.folds}."
        )
    return [experiment.fold]


def fold_folder(experiment: Experiment, fold: int) -> Path:
    """Return the folder of a fold's model, its training photographs and its scores."""
    return detector_folder(experiment) / f"fold{fold}"


def find_models(experiment: Experiment) -> dict[Path, set[str]]:
    """Return the weights that predict, each with the photographs that its model was trained on.

    Weights of `detect.models` are assumed to be trained on none of them.

    Raises:
        InputError: weights are missing.
    """
    given = experiment.detect.models
    if given:
        return {existing(Path(path).expanduser()): set() for path in given}
    ending = ".onnx" if experiment.detect.engine == "onnx" else ".pt"
    found = {}
    for fold in asked_folds(experiment):
        folder = fold_folder(experiment, fold)
        weights = existing(folder / f"weights{ending}")
        found[weights] = set(read_text_table(folder / TRAINED_ON, ("image",))["image"])
    return found


def existing(weights: Path) -> Path:
    """Return the path of weights that exist.

    Raises:
        InputError: there is no such file.
    """
    settle_swap(weights.parent / NEXT)
    if weights.is_file():
        return weights
    verb = "export" if weights.suffix == ".onnx" else "train"
    raise InputError(
        f"There are no weights {weights}: run `python -m tf_happywhale.detect {verb}` with this "
        "config and the same fold first, or correct detect.models."
    )


def origin(experiment: Experiment) -> str:
    """Return the detector's name for the boxes' column `origin`; never `manual`."""
    names = experiment.detect.models or (experiment.detect.model,)
    name = "+".join(Path(name).stem for name in names)
    return "detector" if is_manual(name) else name
