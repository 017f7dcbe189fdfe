from __future__ import annotations

import pytest
import tensorflow as tf

from tf_happywhale.devices.place import Place
from tf_happywhale.devices.workers import any_worker, check_same_start, others_may_go
from tf_happywhale.errors import ConfigError, Stopped


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
