from __future__ import annotations

import json

import pytest
import tensorflow as tf

from tf_happywhale.devices.workers import (
    Place,
    any_worker,
    check_same_start,
    others_may_go,
    place,
)
from tf_happywhale.errors import ConfigError, Stopped

TWO = ["a:1", "b:1"]


def config(cluster: dict, kind: str = "worker", index: int = 0) -> str:
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Place(0, 1)),
        (config({"worker": ["a:1"]}), Place(0, 1)),
        (config({"worker": TWO}), Place(0, 2)),
        (config({"worker": TWO}, index=1), Place(1, 2)),
        (config({"chief": ["c:1"], "worker": TWO}, "chief"), Place(0, 3)),
        (config({"chief": ["c:1"], "worker": TWO}, index=1), Place(2, 3)),
    ],
)
def test_the_place_is_what_tf_config_says(monkeypatch, text, found):
    monkeypatch.setenv("TF_CONFIG", text)
    assert place() == found
    assert place().chief == (found.index == 0)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", config({"worker": TWO}, index=2), config({"worker": TWO}, "evaluator")],
)
def test_nonsense_is_one_sentence_with_an_example(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ConfigError, match=r'TF_CONFIG.*"cluster"'):
        place()


def test_another_workers_end_stops_this_one_in_words():
    with pytest.raises(Stopped, match="another worker is gone"), others_may_go(Place(0, 2)):
        raise tf.errors.UnavailableError(None, None, "Connection reset by peer")
    with pytest.raises(tf.errors.UnavailableError), others_may_go(Place()):
        raise tf.errors.UnavailableError(None, None, "no worker's end")


def test_workers_agree_on_one_device_trivially():
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    assert any_worker(strategy, True) is True
    assert any_worker(strategy, False) is False
    check_same_start(strategy, 7)


def test_different_checkpoints_are_one_sentence(monkeypatch):
    from tf_happywhale.devices import workers

    monkeypatch.setattr(workers, "_mean", lambda strategy: lambda step: step / 2)  # other: at 0
    with pytest.raises(ConfigError, match=r"at step 8 .* a folder that all workers share"):
        check_same_start(None, 8)
