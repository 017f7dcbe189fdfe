from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.config import Experiment
from tf_happywhale.detection import prediction
from tf_happywhale.detection.prediction import run_models


def paths(experiment: Experiment) -> dict[str, Path]:
    folder = Path(experiment.data.root) / "train_images"
    return {path.name: path for path in sorted(folder.iterdir())}


def test_a_photograph_is_looked_at_by_models_that_were_not_trained_on_it(
    experiment: Experiment, red_network, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(prediction, "open_network", lambda weights, home: red_network)
    seen, sources = run_models(experiment, paths(experiment))
    assert sources == ["fin"]
    assert {image: len(views) for image, views in seen.items()} == {
        "000.png": 1, "001.png": 1, "002.png": 1, "003.png": 2, "004.png": 2,
    }  # fmt: skip
    assert "were trained on them" not in capsys.readouterr().out


def test_a_photograph_that_all_models_were_trained_on_is_looked_at_by_all(
    experiment: Experiment, red_network, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(prediction, "open_network", lambda weights, home: red_network)
    one = experiment.model_copy(update={"fold": 0})
    seen, _ = run_models(one, paths(experiment))
    assert {len(views) for views in seen.values()} == {1}
    assert "2 photographs are looked at by models that were trained on them" in (
        capsys.readouterr().out
    )


def test_the_size_is_the_weights_own(
    experiment: Experiment, red_network, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = []

    def detect_by_name(network, photographs, contents, folder, *, side, batch_size, label):
        sides.append((side, folder))
        return {}

    monkeypatch.setattr(prediction, "open_network", lambda weights, home: red_network)
    monkeypatch.setattr(prediction, "detect_by_name", detect_by_name)
    run_models(experiment, paths(experiment))
    red_network.side = 64
    run_models(experiment, paths(experiment))
    assert [side for side, _ in sides] == [128, 128, 64, 64]
    assert len({folder for _, folder in sides}) == 4  # nothing is taken for another side's
