from __future__ import annotations

import pytest

from tf_happywhale.config import load_experiment
from tf_happywhale.errors import ConfigError
from tf_happywhale.run import main as run
from tf_happywhale.train import _without_limits


def stamped(*overrides: str) -> dict:
    dumped = load_experiment(None, list(overrides)).model_dump(mode="json")
    return _without_limits(dumped)


@pytest.mark.parametrize("override", ["train.device=cpu", "train.max_hours=9"])
def test_a_run_goes_on_on_other_devices_and_with_other_limits(override):
    assert stamped(override) == stamped()


def test_a_precision_that_is_asked_for_is_another_run():
    assert "precision" not in stamped()["train"]  # as before there was the key
    assert stamped("train.precision=bfloat16") != stamped()


def test_several_workers_do_not_run_the_other_stages(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": 0}}')
    with pytest.raises(ConfigError, match=r"share the training only: start `python -m .*train`"):
        run(load_experiment(None, ["seed=1"]))
