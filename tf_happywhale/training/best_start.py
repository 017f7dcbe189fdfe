"""The best weights to start a training from (`model.weights=best`): each is tried as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tf_happywhale.config import Experiment, load_dumped
from tf_happywhale.devices.place import place
from tf_happywhale.disk.files import shown, write_json
from tf_happywhale.errors import ConfigError, HappywhaleError
from tf_happywhale.models.published_models.table import PUBLISHED
from tf_happywhale.models.weights.run_weights import is_own, run_of
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.places import output_folder
from tf_happywhale.retrieval.teaching.elsewhere import seen_elsewhere, trained_elsewhere
from tf_happywhale.run_folders.contents import TRAINING
from tf_happywhale.run_folders.published_folder import fetched, read_published
from tf_happywhale.training.fold_data import FoldData
from tf_happywhale.training.resume.made_from import read_made_from
from tf_happywhale.training.start_weights import check_start, content_of

FILE = "start.json"  # in the run folder
HAPPYWHALES = "it was trained on Happywhale, and images of this catalogue are named so"
MOST = 8  # run folders that are tried, the youngest that fit
TOO_MANY = f"{MOST} younger ones are tried"


def best_start(
    experiment: Experiment, data: FoldData, run: Path, folds: Mapping[str, int]
) -> tuple[Experiment, str | None]:
    """Return what `start_of` does, with the weights that find most in the fold as they are, with
    whitening. Every figure is printed. A model that has seen a photograph of the fold, or another
    network, is not tried.

    The choice is kept in the run folder. It counts as long as these weights are there, or the
    finished model or an unfinished training has started from them; `train.restart=true` chooses
    again.

    Raises:
        ConfigError: several workers would each choose.
    """
    known = None if experiment.train.restart else _known(experiment, run)
    if known is not None:
        return known
    if place().workers > 1:
        raise ConfigError(
            "model.weights=best is chosen by one process, and TF_CONFIG names several: set "
            "model.weights=default."
        )
    tried: dict[str, float | None] = {"default": None}
    for word, reason in _candidates(experiment, data, run, folds):
        if reason:
            print(f"fold {data.fold}: training does not start from {word}: {reason}")
        else:
            tried[word] = None
    if len(tried) > 1:
        tried = _figures(experiment, data, tried)
        _print(tried, data)
    best = max(tried, key=lambda word: tried[word] or 0.0)  # of equal ones the first
    chosen = _with(experiment, best)
    content = _content(chosen)
    write_json(run / FILE, {"weights": best, "content": content, "map5_known": tried})
    return chosen, content


def _known(experiment: Experiment, run: Path) -> tuple[Experiment, str | None] | None:
    """Return the choice that the run folder keeps, if it counts."""
    try:
        told = json.loads((run / FILE).read_text(encoding="utf-8"))
        chosen, content = _with(experiment, str(told["weights"])), told["content"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    for folder in (run, run / TRAINING):
        made = read_made_from(folder)
        if made is not None and made[0].weights == content:
            return chosen, content
    try:
        return (chosen, content) if _content(chosen) == content else None
    except HappywhaleError:
        return None  # they are gone


def _candidates(
    experiment: Experiment, data: FoldData, run: Path, folds: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """Yield run folders beside the output and fetched published models, each with the reason why no
    training may start from it; empty if one may."""
    output = output_folder(experiment).resolve()
    files = shown(output.parent.glob("*/*/fold*/model.keras"))
    others = [file.parent for file in files if output not in file.parents]
    fit = 0
    for folder in sorted(others, key=lambda one: -(one / "model.keras").stat().st_mtime):
        reason = _why_not(folder, experiment, data, run, folds) if fit < MOST else TOO_MANY
        fit += not reason
        yield str(folder), reason
    for name, published in PUBLISHED.items():
        if not fetched(name):
            continue
        if published.fixed:
            yield name, f"it sees pictures of {published.size} pixels only"
        elif published.backbone != experiment.model.backbone:
            yield name, f"it is another network (model.backbone={published.backbone})"
        elif seen_elsewhere(trained_elsewhere(published.trained_on), (), folds):
            yield name, HAPPYWHALES
        else:
            yield name, ""


def _why_not(
    folder: Path, experiment: Experiment, data: FoldData, run: Path, folds: Mapping[str, int]
) -> str:
    """Return why a training may not start from a run folder; empty if it may."""
    try:
        own = load_dumped(folder / "config.yaml").model
        if own.backbone != experiment.model.backbone:
            return f"it is another network (model.backbone={own.backbone})"
        if own.pooling != experiment.model.pooling and own.pooling == "final":
            return f"it has another model.pooling ({own.pooling})"
        check_start(str(folder / "model.keras"), run, data.fold, folds)
        return _what_it_has_seen(folder, data, folds)
    except HappywhaleError as error:
        return str(error)


def _what_it_has_seen(folder: Path, data: FoldData, folds: Mapping[str, int]) -> str:
    """Return why a run folder's model may have seen the fold, itself or in the trainings of the
    models that it started from; empty if it has not."""
    made = read_made_from(folder)
    if made is None:
        return "it does not say which photographs it was trained on"
    held_out = {image for image, fold in folds.items() if fold == data.fold}
    seen = {image for image, _, part, _ in made[0].pictures if part != str(made[0].fold)}
    if both := seen & held_out:
        return f"it has seen photographs that are named like those of the fold ({min(both)})"
    model = load_dumped(folder / "config.yaml").model
    start = find_weights(model.backbone, model.weights)
    if not is_own(start):
        return ""
    if content_of(start) != made[0].weights:  # so that this ends, too
        return f"it started from {start}, which has changed since"
    before = run_of(Path(start))
    if published := read_published(before):
        known = seen_elsewhere(trained_elsewhere(published.trained_on), (), folds)
        reason = HAPPYWHALES if known else ""
    else:
        reason = _what_it_has_seen(before, data, folds)
    return f"it started from {before}, and of that: {reason}" if reason else ""


def _figures(
    experiment: Experiment, data: FoldData, words: Iterable[str]
) -> dict[str, float | None]:
    """Return what weights find in the fold as they are. A neighbour that cannot be read is left
    out, which is printed: nobody has named it."""
    found = {}
    for word in words:
        try:
            found[word] = _figure(_with(experiment, word), data)
        except HappywhaleError as error:
            if word == "default":
                raise
            print(f"fold {data.fold}: training does not start from {word}: {error}")
    return found


def _figure(experiment: Experiment, data: FoldData) -> float | None:
    from tf_happywhale.training.frozen_model import frozen_model

    return frozen_model(experiment, data).metrics["map5_known"]


def _print(tried: dict[str, float | None], data: FoldData) -> None:
    print(f"fold {data.fold}: mAP@5 of its images of known individuals, with whitening:")
    for word, figure in tried.items():
        print(f"  {'n/a' if figure is None else f'{figure:.3f}'}  {word} as it is")


def _with(experiment: Experiment, weights: str) -> Experiment:
    model = experiment.model.model_copy(update={"weights": weights})
    return experiment.model_copy(update={"model": model})


def _content(experiment: Experiment) -> str | None:
    return content_of(find_weights(experiment.model.backbone, experiment.model.weights))
