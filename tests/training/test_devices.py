from __future__ import annotations

from types import SimpleNamespace

import pytest
import tensorflow as tf

from tf_happywhale.errors import ConfigError
from tf_happywhale.training.devices import check_batch, choose_strategy, describe


@pytest.mark.parametrize(("batch", "replicas"), [(32, 1), (32, 2), (33, 3), (8, 8)])
def test_a_batch_that_the_devices_divide_is_fine(batch, replicas):
    check_batch(batch, replicas)


@pytest.mark.parametrize(
    ("batch", "replicas", "fits"),
    [(33, 2, "32, 34"), (30, 8, "24, 32"), (3, 4, "4"), (1, 2, "2")],
)
def test_another_is_refused_with_the_sizes_that_would_do(batch, replicas, fits):
    with pytest.raises(ConfigError) as refused:
        check_batch(batch, replicas)
    assert str(refused.value) == (
        f"train.batch_size is {batch}, which {replicas} devices do not divide evenly: take {fits}."
    )


def devices(monkeypatch, *names: str) -> None:
    gpus = [SimpleNamespace(name=name) for name in names]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: gpus)


def test_without_a_gpu_it_is_the_cpu(monkeypatch):
    devices(monkeypatch)
    strategy = choose_strategy()
    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)
    assert strategy.extended.worker_devices[0].endswith("CPU:0")
    assert describe(strategy) == "1 CPU (OneDeviceStrategy)"


def test_one_gpu_is_taken(monkeypatch):
    devices(monkeypatch, "/device:GPU:0")
    strategy = choose_strategy()
    assert strategy.extended.worker_devices[0].endswith("GPU:0")
    assert describe(strategy) == "1 GPU (OneDeviceStrategy)"


def test_several_gpus_are_mirrored(monkeypatch):
    devices(monkeypatch, "/device:GPU:0", "/device:GPU:1")
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda names: ("mirrored", names))
    assert choose_strategy() == ("mirrored", ["/device:GPU:0", "/device:GPU:1"])
