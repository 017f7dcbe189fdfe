from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.config import Experiment
from tf_happywhale.detection.detector_models import asked_folds, find_models, origin
from tf_happywhale.errors import ConfigError, InputError


def with_detect(experiment: Experiment, **keys: object) -> Experiment:
    settings = experiment.detect.model_copy(update=keys)
    return experiment.model_copy(update={"detect": settings})


def test_folds_are_all_or_one_of_the_detectors_own(experiment: Experiment) -> None:
    assert asked_folds(experiment) == [0, 1]
    assert asked_folds(experiment.model_copy(update={"fold": 1})) == [1]
    with pytest.raises(ConfigError, match=r"fold 2 does not exist: detect\.folds is 2"):
        asked_folds(experiment.model_copy(update={"fold": 2}))


def test_each_folds_weights_come_with_their_training_photographs(experiment: Experiment) -> None:
    assert [(path.parent.name, known) for path, known in find_models(experiment).items()] == [
        ("fold0", {"000.png", "001.png"}), ("fold1", {"002.png"}),
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"weights\.onnx: .*detect export` with this config"):
        find_models(with_detect(experiment, engine="onnx"))


def test_weights_from_elsewhere(experiment: Experiment, tmp_path: Path) -> None:
    fins, bodies = tmp_path / "fins.pt", tmp_path / "bodies.onnx"
    elsewhere = with_detect(experiment, models=(str(fins), str(bodies)))
    with pytest.raises(InputError, match=r"fins\.pt: .* correct detect\.models"):
        find_models(elsewhere)
    for path in (fins, bodies):
        path.write_text("weights")
    assert find_models(elsewhere) == {fins: set(), bodies: set()}
    assert origin(elsewhere) == "fins+bodies"


def test_the_detectors_name_is_never_manual(experiment: Experiment) -> None:
    assert origin(experiment) == "yolov5x6u"
    assert origin(with_detect(experiment, model="nets/manual.pt")) != "manual"
