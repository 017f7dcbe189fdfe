"""Command: train a detector, predict boxes, check them, or export the detector to ONNX."""

from __future__ import annotations

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

VERBS = {
    "train": "train on your annotated photographs; each model leaves out one fold (fold=all: a "
    "model for each fold)",
    "predict": "write <output>/detector/boxes.csv: boxes for all photographs",
    "report": "write <output>/detector/report.html: the 200 least certain photographs",
    "export": "write the models as .onnx files, for detect.engine=onnx, which needs no PyTorch",
}
EXAMPLES = [
    "python -m tf_happywhale.detect train configs/happywhale_boxes.yaml data.root=DIR",
    "python -m tf_happywhale.detect predict configs/happywhale_boxes.yaml data.root=DIR",
    "python -m tf_happywhale.detect report configs/happywhale_boxes.yaml data.root=DIR",
    "python -m tf_happywhale.detect export configs/happywhale_boxes.yaml data.root=DIR",
]


def main(verb: str, experiment: Experiment) -> None:
    """Do one of the verbs; without data.root, for the pod that is drawn."""
    from tf_happywhale.catalogue.dataset import draw_pod
    from tf_happywhale.detection.detector_training import train_models
    from tf_happywhale.detection.export_onnx import export_models
    from tf_happywhale.detection.prediction import predict
    from tf_happywhale.detection.uncertain_boxes import report_boxes

    if experiment.data.root is None:
        draw_pod(experiment)
    verbs = {
        "train": train_models,
        "predict": predict,
        "report": report_boxes,
        "export": export_models,
    }
    verbs[verb](experiment)


if __name__ == "__main__":
    command(main, "detect", __doc__, EXAMPLES, VERBS, derives=False)
