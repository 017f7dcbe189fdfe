"""The weights that a training starts from, and whether it may start from a trained model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tf_happywhale.config import Experiment
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import ConfigError, HappywhaleError, InputError
from tf_happywhale.messages import say_once
from tf_happywhale.models.weights.run_weights import is_own, run_of
from tf_happywhale.models.weights.weight_names import BEST, find_weights
from tf_happywhale.places import run_folder
from tf_happywhale.retrieval.ensemble.trained_on import has_seen
from tf_happywhale.retrieval.teaching.elsewhere import seen_elsewhere, trained_elsewhere
from tf_happywhale.run_folders.contents import check_model, read_trained_on
from tf_happywhale.run_folders.published_folder import read_published
from tf_happywhale.training.fold_data import FoldData


def start_of(
    experiment: Experiment, data: FoldData, run: Path, folds: Mapping[str, int]
) -> tuple[Experiment, str | None]:
    """Return the experiment with the weights that one fold's training starts from, and what says
    which they are: the SHA-256 of their file, or the address of weights without one.

    Args:
        experiment: as the user wrote it. With `model.weights=best` they are chosen here; with
            `pseudo.resume` those of a further training are the model of the one before.
        data, run: of the fold.
        folds: the fold of each image of the catalogue.

    Raises:
        ConfigError: see `check_start`.
    """
    if experiment.round and experiment.pseudo.resume:
        before = run_folder(experiment.in_round(experiment.round - 1), data.fold)
        check_model(before / "model.keras")
        model = experiment.model.model_copy(update={"weights": str(before)})
        experiment = experiment.model_copy(update={"model": model})
    elif experiment.model.weights == BEST:
        # Imported here, since TensorFlow takes seconds, and mostly the choice is known.
        from tf_happywhale.training.best_start import best_start

        return best_start(experiment, data, run, folds)
    weights = find_weights(experiment.model.backbone, experiment.model.weights)
    check_start(weights, run, data.fold, folds)
    return experiment, content_of(weights)


def content_of(weights: str | None) -> str | None:
    """Return the SHA-256 of the file of weights; without a file what `find_weights` returns."""
    return sha256(Path(weights)) if weights and Path(weights).is_file() else weights


def check_unchanged(experiment: Experiment, content: str | None) -> None:
    """Refuse to train from other weights than a training is said to be made from: of `best`, those
    of a finished model count for that model also when they have changed or are gone.

    Args:
        experiment: what `start_of` has returned.
        content: the same.

    Raises:
        InputError: they have changed or are gone.
    """
    settings = experiment.model
    try:
        same = content_of(find_weights(settings.backbone, settings.weights)) == content
    except HappywhaleError:
        same = False
    if not same:
        raise InputError(
            f"The training before this one started from {settings.weights}, which has changed or "
            "is gone: put it back, or train.restart=true chooses other weights to start from."
        )


def check_start(weights: str | None, run: Path, fold: int, folds: Mapping[str, int]) -> None:
    """Refuse a model that a fold's training must not start from. Of a model of others it is
    printed what its licence forbids, and whether it may have seen the images.

    Args:
        weights: what `find_weights` returns.
        run: the run folder of the training.
        fold: the fold that will validate the training.
        folds: the fold of each image of the catalogue.

    Raises:
        ConfigError: it is the model of this run, or was trained on the images that will validate
            it.
    """
    if not is_own(weights):
        return
    start = run_of(Path(weights))
    if start.resolve() == run.resolve():
        raise ConfigError(
            f"model.weights is {weights}, which this training would replace: set another name or "
            "output."
        )
    of_others = read_published(start)
    if of_others and of_others.restricted:
        licence = of_others.licence or "not known"
        say_once(
            f"model.weights is {of_others.name}, whose licence is {licence}: {of_others.restricted}"
        )
    if of_others and seen_elsewhere(trained_elsewhere(of_others.trained_on), (), folds):
        say_once(
            f"{of_others.name} was trained on Happywhale, and images of this catalogue are named "
            "as there: what validation measures will be too good"
        )
    said = read_trained_on(start)
    if said is not None and has_seen(said[0], fold, folds):
        raise ConfigError(
            f"{start} was trained on fold {fold} of this catalogue, which is to validate this "
            f"training: set model.weights to the run that left fold {fold} out."
        )
