from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.config import Experiment, Model
from tf_happywhale.training import finish_early


class Built(Exception):
    """Raised in place of building the models."""


@pytest.mark.parametrize(("weights", "wanted"), [("default", "none"), ("model.keras", None)])
def test_the_weights_of_a_model_stay_since_they_say_how_pixels_are_normalised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: str, wanted: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.keras").touch()
    asked = []

    def build(experiment: Experiment, _: object) -> None:
        asked.append(experiment.model.weights)
        raise Built

    monkeypatch.setattr(finish_early, "read_log", lambda _: [{"epoch": 1}])
    monkeypatch.setattr(finish_early, "best_weights", lambda _: {1: tmp_path})
    monkeypatch.setattr(finish_early, "build_models", build)
    with pytest.raises(Built):
        finish_early.finish_fold(tmp_path, Experiment(model=Model(weights=weights)), None)
    assert asked == [wanted or weights]
