from __future__ import annotations

import json

import pytest

from tf_happywhale.config import load_experiment
from tf_happywhale.training.log.log_file import continue_run, log, start_run


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


def test_the_log_takes_no_number_that_json_has_not(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        log(tmp_path, {"loss": float("nan")})


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
