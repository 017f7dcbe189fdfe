"""`detect train`: one model for each fold, trained on the photographs of the other folds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Experiment
from tf_happywhale.detection.all_photographs import find_photographs, hash_contents
from tf_happywhale.detection.annotations import deal_folds, describe, read_annotations
from tf_happywhale.detection.detector_models import NEXT, TRAINED_ON, asked_folds, fold_folder
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.training_set import LEFT_OUT, PICTURES, write_training_set
from tf_happywhale.detection.ultralytics_package import need_ultralytics
from tf_happywhale.detection.unfinished_training import begin, is_finished, was_begun
from tf_happywhale.detection.yolo_training import MOSAIC, measure_network, train_network
from tf_happywhale.disk.files import write_csv, write_json
from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.locks import locked
from tf_happywhale.disk.swap import AT_WORK, end_swap, swap_in
from tf_happywhale.places import detector_folder, output_folder
from tf_happywhale.stages import stage

# Keys of `detect` that the weights do not depend on: those of prediction, those whose effect is in
# the digest of the photographs, and the one that gives up an unfinished training.
PREDICTING = {"models", "engine", "confidence", "overlap", "choice", "padding"}
DEALT = {"annotations", "sources", "folds"}
LIMITS = {"restart"}


def train_models(experiment: Experiment) -> None:
    """Train and measure the models that are not up to date, and print the scores of all.

    Raises:
        InputError: ultralytics or annotations are missing, or an unfinished training would be lost.
    """
    folds = asked_folds(experiment)
    need_ultralytics()
    folder = detector_folder(experiment) / "training_set"
    learnt_from = _prepare_training_set(experiment, folder)
    settings = experiment.detect.model_dump(mode="json", exclude=PREDICTING | DEALT | LIMITS)
    settings["mosaic"] = MOSAIC  # a key of earlier versions: their trainings still count
    asked = {**learnt_from, "settings": settings, "seed": experiment.seed}

    def train(fold: int) -> None:
        with locked(fold_folder(experiment, fold), AT_WORK):
            _train_fold(experiment, folder, fold, asked)

    for fold in folds:
        place = fold_folder(experiment, fold)
        stage(
            output_folder(experiment),
            f"detect fold {fold}",
            depends_on=asked,
            outputs=[place / name for name in ("weights.pt", TRAINED_ON, "metrics.json")],
            work=lambda fold=fold: train(fold),
        )
    _print_scores(experiment, folder / LEFT_OUT, folds)


def _prepare_training_set(experiment: Experiment, folder: Path) -> dict[str, Any]:
    """Write the training set unless it is up to date; return what identifies its photographs."""
    photographs = find_photographs(experiment)
    annotations = read_annotations(experiment, photographs)
    print(describe(annotations))
    dealt = deal_folds(annotations, experiment.detect.folds, experiment.seed)
    contents = hash_contents(experiment, {image: photographs[image] for image in annotations})
    side = square_side(experiment.detect.image_size)
    rows = [[image, contents[image], str(annotations[image])] for image in sorted(annotations)]
    learnt_from = {"photographs": digest([rows, dealt]), "side": side}
    stage(
        output_folder(experiment),
        "detect training set",
        depends_on={**learnt_from, "folder": str(folder.resolve())},
        outputs=[folder / LEFT_OUT],
        work=lambda: write_training_set(folder, photographs, annotations, dealt, longest=side),
    )
    return learnt_from


def _train_fold(
    experiment: Experiment, training_set: Path, fold: int, asked: dict[str, Any]
) -> None:
    """Train one model, or resume its training, and measure it on the photographs of its fold.

    The model stays in `next/` until it is complete. Then it replaces the earlier one.
    """
    home, place = detector_folder(experiment), fold_folder(experiment, fold)
    made, settings = place / NEXT, experiment.detect
    end_swap(made)
    if is_finished(place, made, asked, restart=settings.restart):
        return  # it was stopped before the stage was noted
    if not was_begun(made / "training", asked):
        begin(made / "training", asked, stale=(made / "weights.pt",))
    pictures = read_text_table(training_set / PICTURES, ("image", "fold"))
    held_out = pictures["fold"] == str(fold)
    write_csv(made / TRAINED_ON, pictures.loc[~held_out, ["image"]])
    data, weights = training_set / f"fold{fold}.yaml", made / "weights.pt"
    if not weights.is_file():
        train_network(data, weights, made / "training", home, settings, experiment.seed)
    metrics = measure_network(data, weights, place / "validation", home, settings)
    counts = {"trained_on": int((~held_out).sum()), "held_out": int(held_out.sum())}
    write_json(made / "metrics.json", {**metrics, **counts})
    swap_in(made, last="weights.pt", outdated=["weights.onnx"])


def _print_scores(experiment: Experiment, left_out: Path, folds: list[int]) -> None:
    """Print how good each model is on its held-out photographs, and how many were left out."""
    reasons = read_text_table(left_out, ("image", "reason"))
    if len(reasons):
        print(f"detect: {len(reasons)} annotated photographs are left out, see {left_out}")
    print(f"{'':8}{'held out':>9}{'precision':>11}{'recall':>8}{'AP50':>8}{'AP50:95':>9}")
    for fold in folds:
        m = json.loads((fold_folder(experiment, fold) / "metrics.json").read_text("utf-8"))
        print(
            f"fold {fold:<3}{m['held_out']:9}{m['precision']:11.3f}{m['recall']:8.3f}"
            f"{m['AP50']:8.3f}{m['AP50:95']:9.3f}"
        )
