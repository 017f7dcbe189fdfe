from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tf_happywhale import run_folder
from tf_happywhale.config import Model, load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.run_folder import (
    check_model,
    continue_run,
    environment,
    load_model,
    log,
    read_trained_on,
    save_model,
    save_weights,
    start_run,
    write_trained_on,
)


@pytest.fixture
def model(toy) -> keras.Model:
    return toy(Model(embedding_size=4))


def test_a_run_starts_with_its_config_its_environment_and_an_empty_log(tmp_path):
    experiment = load_experiment(None, ["name=two", "seed=9", "train.learning_rate=2e-4"])
    run = tmp_path / "two" / "fold0"
    start_run(run, experiment, "1 CPU (OneDeviceStrategy)")
    assert load_experiment(run / "config.yaml") == experiment
    assert json.loads((run / "environment.json").read_text())["devices"].startswith("1 CPU")
    log(run, {"epoch": 0, "loss": 1.5})
    log(run, {"epoch": 1, "loss": 0.5})
    lines = (run / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["loss"] for line in lines] == [1.5, 0.5]
    start_run(run, experiment, "1 CPU")
    assert (run / "log.jsonl").read_text() == ""


def test_the_environment_names_versions_and_says_what_is_missing(monkeypatch):
    monkeypatch.setattr("tf_happywhale.run_folder.PACKAGES", ("keras", "no-such-package"))
    found = environment("2 GPU")
    assert found["packages"] == {"keras": keras.__version__, "no-such-package": "not installed"}
    assert found["devices"] == "2 GPU"
    assert {"python", "platform", "git"} <= set(found)


def test_the_log_takes_no_number_that_json_has_not(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        log(tmp_path, {"loss": float("nan")})


def test_saved_weights_load(tmp_path, model, toy):
    path = tmp_path / "checkpoints" / "best.weights.h5"
    save_weights(path, model)
    other = toy(Model(embedding_size=4, gem_p=1.0))
    other.load_weights(path)
    for its, mine in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(its, mine)
    assert [file.name for file in path.parent.iterdir()] == ["best.weights.h5"]


def test_weights_that_could_not_be_written_leave_the_old_ones(tmp_path, model, monkeypatch):
    path = tmp_path / "best.weights.h5"
    save_weights(path, model)
    before = path.read_bytes()

    def fail(where, content):
        where.write_text("half")
        raise OSError("no space left")

    monkeypatch.setattr(type(path), "write_bytes", fail)
    with pytest.raises(OSError, match="no space"):
        save_weights(path, model)
    assert path.read_bytes() == before


def test_weights_need_the_ending_that_keras_wants(tmp_path, model):
    with pytest.raises(ValueError, match=r"must end in \.weights\.h5"):
        save_weights(tmp_path / "best.h5", model)


def test_a_saved_model_says_the_same(tmp_path, model):
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    save_model(tmp_path / "model.keras", model)
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(pictures)), np.asarray(model(pictures)))
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


def test_a_missing_model_is_one_sentence_with_the_command(tmp_path):
    for look in (check_model, load_model):
        with pytest.raises(InputError, match=r"no model .*model\.keras: run `python -m tf_happ"):
            look(tmp_path / "model.keras")


def test_a_damaged_model_is_one_sentence(tmp_path, model):
    path = tmp_path / "model.keras"
    save_model(path, model)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match=r"model\.keras cannot be loaded as a model .*train again"):
        load_model(path)


def test_a_model_with_code_in_it_is_refused(tmp_path):
    """Safe mode: a lambda's bytecode is never run."""
    pictures = keras.Input((3,))
    model = keras.Model(pictures, keras.layers.Lambda(lambda x: x + 1)(pictures))
    model.save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(tmp_path / "model.keras")


def test_every_layer_of_ours_is_known_to_a_process_that_only_loads_models() -> None:
    models = Path(run_folder.__file__).parent / "models"
    ours = [
        name
        for file in models.rglob("*.py")
        for name in re.findall(
            r'register_keras_serializable\("tf_happywhale"\)\nclass (\w+)', file.read_text("utf-8")
        )
    ]
    assert "DepthwiseConv" in ours
    code = (
        "import keras, tf_happywhale.run_folder\n"
        f"for name in {ours}:\n"
        "    assert keras.saving.get_registered_object(f'tf_happywhale>{name}'), name\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_resumed_run_has_the_lines_of_its_finished_epochs_and_todays_config(tmp_path):
    start_run(tmp_path, load_experiment(None, ["name=two"]), "2 GPU (MirroredStrategy)")
    for epoch in range(3):
        log(tmp_path, {"epoch": epoch})
    today = load_experiment(None, ["name=two", "train.validate_every=2"])
    continue_run(tmp_path, today, 2, "1 CPU (OneDeviceStrategy)")
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [0, 1]
    assert json.loads((tmp_path / "environment.json").read_text())["devices"].startswith("1 CPU")
    assert load_experiment(tmp_path / "config.yaml") == today


def test_what_a_model_was_trained_on_is_read_as_it_was_written(tmp_path):
    assert read_trained_on(tmp_path) is None
    write_trained_on(tmp_path, "pod-64-1; folds 1 of 12345678", ["09913", "1"])
    assert read_trained_on(tmp_path) == ("pod-64-1; folds 1 of 12345678", ["09913", "1"])
    (tmp_path / "trained_on.json").write_text("[]")
    with pytest.raises(InputError, match="is damaged: train again"):
        read_trained_on(tmp_path)
