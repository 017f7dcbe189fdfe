from __future__ import annotations

from pathlib import Path

import keras
import pytest

from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.inference.which_model.trained_models import TrainedModel, find_trained


def test_a_model_that_is_trained_again_while_a_command_runs_is_not_taken_for_the_first(
    tmp_path: Path,
) -> None:
    """Its embeddings would be kept as the first one's, and mixed with them."""

    def save(units: int) -> None:
        pictures = keras.Input((8, 8, 3))
        pooled = keras.layers.GlobalAveragePooling2D()(pictures)
        keras.Model(pictures, keras.layers.Dense(units)(pooled)).save(tmp_path / "model.keras")

    save(3)
    trained = TrainedModel(tmp_path, Experiment())
    assert len(trained.about["model"]) == 64
    trained.load()
    save(4)
    with pytest.raises(InputError, match="has become another model meanwhile"):
        trained.load()


def test_a_config_stands_for_all_its_trainings_if_the_command_line_says_so(tmp_path: Path) -> None:
    config = tmp_path / "w.yaml"
    config.write_text(f"name: w\noutput: {tmp_path}\npseudo: {{rounds: 1}}\n")
    runs = [tmp_path / name / "fold0" for name in ("w", "w-round1")]
    for run in runs:
        run.mkdir(parents=True)
        (run / "model.keras").touch()
        (run / "config.yaml").touch()

    def found(*overrides: str) -> list[Path]:
        return [
            one.folder for one in find_trained(config, [f"output={tmp_path / 'a'}", *overrides])[1]
        ]

    assert found() == runs[1:]
    assert found("rank.rounds=all") == runs
