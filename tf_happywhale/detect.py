"""Command: train the detector, draw boxes, look at them, or export it to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

VERBS = {
    "train": "train on the annotated photographs, without those of fold (0; all: a model for each)",
    "predict": "write <output>/detector/boxes.csv: boxes for all photographs",
    "report": "write <output>/detector/report.html: the 200 least certain photographs",
    "export": "write the models as .onnx, for detect.engine=onnx, which needs no PyTorch",
}
EXAMPLES = [
    "python -m tf_happywhale.detect train configs/happywhale_boxes.yaml data.root=DIR",
    "python -m tf_happywhale.detect predict configs/happywhale_boxes.yaml data.root=DIR",
    "python -m tf_happywhale.detect report configs/happywhale_boxes.yaml data.root=DIR",
    "python -m tf_happywhale.detect export configs/happywhale_boxes.yaml data.root=DIR",
]
# Keys of detect: of prediction only, and those whose effect is in the photographs' digest.
PREDICTING = {"models", "engine", "confidence", "overlap", "choice", "padding"}
DEALT = {"annotations", "sources", "folds"}
LIMITS = {"restart"}


def main(verb: str, experiment: Experiment) -> None:
    """Do one of the verbs."""
    from tf_happywhale.catalogue.dataset import draw_pod

    if experiment.data.root is None:
        draw_pod(experiment)
    {"train": train, "predict": predict, "report": report, "export": export}[verb](experiment)


def train(experiment: Experiment) -> None:
    """Train and judge the models that are not up to date."""
    from tf_happywhale.detection.all_photographs import find_photographs, hash_contents
    from tf_happywhale.detection.annotations import deal_folds, describe, read_annotations
    from tf_happywhale.detection.detector_models import TRAINED_ON, asked_folds, fold_folder
    from tf_happywhale.detection.letterbox import square_side
    from tf_happywhale.detection.training_set import LEFT_OUT, write_training_set
    from tf_happywhale.detection.ultralytics_package import need_ultralytics
    from tf_happywhale.disk.hashes import digest
    from tf_happywhale.places import detector_folder, output_folder
    from tf_happywhale.stages import stage

    settings, asked = experiment.detect, asked_folds(experiment)
    need_ultralytics()
    photographs = find_photographs(experiment)
    annotations = read_annotations(experiment, photographs)
    print(describe(annotations))
    dealt = deal_folds(annotations, settings.folds, experiment.seed)
    contents = hash_contents(experiment, {image: photographs[image] for image in annotations})
    side = square_side(settings.image_size)
    rows = [[image, contents[image], str(annotations[image])] for image in sorted(annotations)]
    learnt_from = {"photographs": digest([rows, dealt]), "side": side}
    folder = detector_folder(experiment) / "training_set"
    stage(
        output_folder(experiment),
        "detect training set",
        depends_on={**learnt_from, "folder": str(folder.resolve())},
        outputs=[folder / LEFT_OUT],
        work=lambda: write_training_set(folder, photographs, annotations, dealt, longest=side),
    )
    training = {
        **learnt_from,
        "settings": settings.model_dump(mode="json", exclude=PREDICTING | DEALT | LIMITS),
        "seed": experiment.seed,
    }
    for fold in asked:
        place = fold_folder(experiment, fold)
        stage(
            output_folder(experiment),
            f"detect fold {fold}",
            depends_on=training,
            outputs=[place / name for name in ("weights.pt", TRAINED_ON, "metrics.json")],
            work=lambda fold=fold: train_locked(experiment, folder, fold, training),
        )
    show(experiment, folder / LEFT_OUT, asked)


def train_locked(
    experiment: Experiment, training_set: Path, fold: int, training: dict[str, Any]
) -> None:
    """`train_fold`, in one process at a time."""
    from tf_happywhale.detection.detector_models import fold_folder
    from tf_happywhale.disk.locks import locked
    from tf_happywhale.disk.swap import AT_WORK

    with locked(fold_folder(experiment, fold), AT_WORK):
        train_fold(experiment, training_set, fold, training)


def train_fold(
    experiment: Experiment, training_set: Path, fold: int, training: dict[str, Any]
) -> None:
    """Train one model, or resume one that was stopped, and judge it by photographs that it has not
    seen. It lies in `next/` until it is whole. Then it takes the place of the one before.

    Raises:
        InputError: there is an unfinished training of something else, or another process trains it.
    """
    from tf_happywhale.catalogue.tables.table import read_text_table
    from tf_happywhale.detection.detector_models import NEXT, TRAINED_ON, fold_folder
    from tf_happywhale.detection.training_set import PICTURES
    from tf_happywhale.detection.yolo_training import (
        begin,
        judge_network,
        prepare,
        train_network,
        was_begun,
    )
    from tf_happywhale.disk.files import write_csv, write_json
    from tf_happywhale.disk.swap import end_swap, swap_in
    from tf_happywhale.places import detector_folder

    home, place = detector_folder(experiment), fold_folder(experiment, fold)
    made, settings = place / NEXT, experiment.detect
    end_swap(made)
    if prepare(place, made, training, restart=settings.restart):
        return  # killed before the stage was noted
    if not was_begun(made / "training", training):
        begin(made / "training", training, stale=(made / "weights.pt",))
    pictures = read_text_table(training_set / PICTURES, ("image", "fold"))
    held_out = pictures["fold"] == str(fold)
    write_csv(made / TRAINED_ON, pictures.loc[~held_out, ["image"]])
    data, weights = training_set / f"fold{fold}.yaml", made / "weights.pt"
    if not weights.is_file():
        train_network(data, weights, made / "training", home, settings, experiment.seed)
    metrics = judge_network(data, weights, place / "validation", home, settings)
    counts = {"trained_on": int((~held_out).sum()), "held_out": int(held_out.sum())}
    write_json(made / "metrics.json", {**metrics, **counts})
    swap_in(made, last="weights.pt", outdated=["weights.onnx"])


def show(experiment: Experiment, left_out: Path, folds: list[int]) -> None:
    """How good each model is on what it has not seen, and what nobody learnt from."""
    import json

    from tf_happywhale.catalogue.tables.table import read_text_table
    from tf_happywhale.detection.detector_models import fold_folder

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


def predict(experiment: Experiment) -> None:
    """Write the boxes of all photographs, and which have none and why."""
    import pandas as pd

    from tf_happywhale.detection.all_photographs import find_photographs
    from tf_happywhale.detection.boxes_table import WITHOUT, write_boxes
    from tf_happywhale.detection.detector_models import origin
    from tf_happywhale.detection.prediction import draw_boxes, look
    from tf_happywhale.disk.files import write_csv
    from tf_happywhale.errors import Incomplete, InputError
    from tf_happywhale.places import detector_folder

    settings, folder = experiment.detect, detector_folder(experiment)
    photographs = find_photographs(experiment)
    seen, known = look(experiment, photographs)
    sources = [source for source in known if source in (settings.sources or known)]
    if not sources:
        raise InputError(
            f"The models find {' and '.join(known)}, none of which is in detect.sources "
            f"({' and '.join(settings.sources)}): correct detect.sources or detect.models."
        )
    boxes, without = draw_boxes(seen, sources, settings)
    table = write_boxes(folder / "boxes.csv", photographs, boxes, origin(experiment))
    write_csv(folder / "without_box.csv", pd.DataFrame(without, columns=WITHOUT))
    boxed = table["image"].nunique()
    print(
        f"detect: {boxed} of {len(photographs)} photographs have a box, in {folder / 'boxes.csv'}"
    )
    for source in ["", *sources]:
        count = sum(row[1] == source for row in without)
        what = f"have no {source} box and are used whole" if source else "cannot be read"
        if count:
            print(f"detect: {count} {what}, see {folder / 'without_box.csv'}")
    print(
        f"detect: to use the boxes, data.boxes={(folder / 'boxes.csv').resolve()} and "
        f"records.source={' or '.join(sources)}"
    )
    unread = sum(not row[1] for row in without)
    if unread:
        raise Incomplete(
            f"{unread} photographs cannot be read and were not looked at: replace them, or take "
            f"them out; {folder / 'without_box.csv'} says why."
        )


def report(experiment: Experiment) -> None:
    """Write the contact sheet of the boxes there are."""
    from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
    from tf_happywhale.catalogue.tables.table import read_text_table
    from tf_happywhale.detection.all_photographs import find_photographs
    from tf_happywhale.detection.boxes_table import COLUMNS, WITHOUT
    from tf_happywhale.detection.contact_sheet import make_cards, write_page
    from tf_happywhale.errors import InputError
    from tf_happywhale.places import detector_folder

    folder = detector_folder(experiment)
    boxes, without = folder / "boxes.csv", folder / "without_box.csv"
    if not (boxes.is_file() and without.is_file()):
        raise InputError(
            f"There are no boxes in {folder}: run `python -m tf_happywhale.detect predict` with "
            "this config first."
        )
    read_box_rows(boxes)  # it names the line that a person mistyped
    cards = make_cards(read_text_table(boxes, COLUMNS), read_text_table(without, WITHOUT))
    lacking = sum(bool(card.missing) for card in cards)
    shown = cards[: experiment.report.queries]
    write_page(
        folder / "report.html",
        shown,
        find_photographs(experiment),
        boxes=boxes,
        summary=f"{len(cards)} photographs, of which {lacking} lack a box.",
        side=2 * experiment.report.thumbnail,
    )
    print(
        f"detect: look at {folder / 'report.html'}, the {len(shown)} least certain of {len(cards)} "
        f"photographs, correct {boxes}, and report again"
    )


def export(experiment: Experiment) -> None:
    """Write each fold's model as .onnx beside its weights."""
    from tf_happywhale.detection.detector_models import asked_folds, existing, fold_folder
    from tf_happywhale.disk.hashes import sha256
    from tf_happywhale.places import output_folder
    from tf_happywhale.stages import stage

    for fold in asked_folds(experiment):
        weights = existing(fold_folder(experiment, fold) / "weights.pt")
        stage(
            output_folder(experiment),
            f"detect export fold {fold}",
            depends_on={"weights": sha256(weights)},
            outputs=[weights.with_suffix(".onnx")],
            work=lambda weights=weights: export_locked(experiment, weights),
        )


def export_locked(experiment: Experiment, weights: Path) -> None:
    """Write weights as .onnx, while no training replaces them."""
    from tf_happywhale.detection.yolo_training import export_network
    from tf_happywhale.disk.locks import locked
    from tf_happywhale.disk.swap import AT_WORK
    from tf_happywhale.places import detector_folder

    with locked(weights.parent, AT_WORK):
        export_network(weights, detector_folder(experiment), experiment.detect)


if __name__ == "__main__":
    command(main, "detect", __doc__, EXAMPLES, VERBS)
