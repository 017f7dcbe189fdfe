"""`detect export`: the detector's models as .onnx files."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.config import Detect, Experiment
from tf_happywhale.detection.detector_models import asked_folds, existing, fold_folder
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.ultralytics_package import load_yolo
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.disk.locks import locked
from tf_happywhale.disk.swap import AT_WORK
from tf_happywhale.places import detector_folder, output_folder
from tf_happywhale.stages import stage


def export_models(experiment: Experiment) -> None:
    """Write each fold's model as .onnx beside its weights.

    Raises:
        InputError: ultralytics is missing, or the weights are.
    """

    def export(weights: Path) -> None:
        with locked(weights.parent, AT_WORK):  # so that no training replaces the weights
            export_network(weights, detector_folder(experiment), experiment.detect)

    for fold in asked_folds(experiment):
        weights = existing(fold_folder(experiment, fold) / "weights.pt")
        stage(
            output_folder(experiment),
            f"detect export fold {fold}",
            depends_on={"weights": sha256(weights)},
            outputs=[weights.with_suffix(".onnx")],
            work=lambda weights=weights: export(weights),
        )


def export_network(weights: Path, home: Path, settings: Detect) -> Path:
    """Write a network as .onnx beside its weights, for batches of any size; return the file."""
    yolo = load_yolo(weights, home)
    side = square_side(settings.image_size)
    return Path(yolo.export(format="onnx", dynamic=True, simplify=False, imgsz=side, batch=1))
