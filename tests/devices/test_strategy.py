from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import tensorflow as tf

from tf_happywhale.config import Train
from tf_happywhale.devices import strategy as module
from tf_happywhale.devices.strategy import Devices, check_batch, choose_devices
from tf_happywhale.errors import ConfigError


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


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch):
    """A function that pretends GPUs of given capabilities, all others' strategies made up."""

    def pretend(*capabilities: tuple[int, int] | None) -> None:
        named = [SimpleNamespace(name=f"/device:GPU:{n}") for n in range(len(capabilities))]
        known = [{} if each is None else {"compute_capability": each} for each in capabilities]
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: named)
        monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: named)
        monkeypatch.setattr(
            tf.config.experimental, "get_device_details", lambda gpu: known[named.index(gpu)]
        )

    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setattr(
        tf.distribute,
        "MirroredStrategy",
        lambda names: SimpleNamespace(num_replicas_in_sync=len(names), names=names),
    )
    pretend()
    return pretend


def choose(**settings) -> Devices:
    return choose_devices(Train(**settings))


def test_without_a_gpu_it_is_the_cpu_and_says_so(gpus, capsys):
    devices = choose()
    assert isinstance(devices.strategy, tf.distribute.OneDeviceStrategy)
    assert devices.strategy.extended.worker_devices[0].endswith("CPU:0")
    assert (devices.kind, devices.replicas, devices.precision) == ("CPU", 1, "float32")
    assert capsys.readouterr().out == (
        "devices: 1 CPU (OneDeviceStrategy), float32, since TensorFlow finds neither TPU nor GPU\n"
    )


def test_one_gpu_is_taken(gpus):
    gpus((8, 6))
    devices = choose()
    assert devices.strategy.extended.worker_devices[0].endswith("GPU:0")
    assert (devices.kind, devices.replicas, devices.precision) == ("GPU", 1, "bfloat16")


def test_several_gpus_are_mirrored_as_precisely_as_the_weakest_can(gpus):
    gpus((8, 6), (7, 5))
    devices = choose()
    assert devices.strategy.names == ["/device:GPU:0", "/device:GPU:1"]
    assert (devices.kind, devices.replicas, devices.precision) == ("GPU", 2, "float16")
    assert choose(precision="float32").precision == "float32"
    gpus(None, None)
    assert choose().precision == "float32"


def test_several_gpus_embed_and_one_or_none_need_no_strategy(gpus):
    assert module.embedding_strategy() is None
    gpus((8, 6))
    assert module.embedding_strategy() is None
    gpus((8, 6), (7, 5))
    assert module.embedding_strategy().names == ["/device:GPU:0", "/device:GPU:1"]


def test_a_tpu_embeds_where_it_starts(gpus, monkeypatch):
    monkeypatch.setattr(module, "tensorflow_for_tpus", lambda: True)
    monkeypatch.setattr(module, "_strategy_of_tpu", lambda: "TPUs")
    assert module.embedding_strategy() == "TPUs"

    def fails():
        raise tf.errors.NotFoundError(None, None, "no TPU on this machine")

    monkeypatch.setattr(module, "_strategy_of_tpu", fails)
    assert module.embedding_strategy() is None


def test_the_cpu_is_taken_where_it_is_asked_for(gpus):
    gpus((8, 6), (8, 6))
    devices = choose(device="cpu")
    assert (devices.kind, devices.replicas, devices.precision) == ("CPU", 1, "float32")
    assert devices.strategy.extended.worker_devices[0].endswith("CPU:0")


@pytest.mark.parametrize("device", ["gpu", "tpu"])
def test_a_device_that_is_not_there_is_an_error_and_no_silent_cpu(gpus, device):
    with pytest.raises(ConfigError, match=f"train.device is {device}, but TensorFlow finds no"):
        choose(device=device)


def test_a_tpu_comes_first(gpus, monkeypatch):
    gpus((8, 0))
    monkeypatch.setattr(module, "tensorflow_for_tpus", lambda: True)
    strategy = SimpleNamespace(num_replicas_in_sync=8)
    monkeypatch.setattr(module, "_strategy_of_tpu", lambda: strategy)
    devices = choose()
    assert devices.strategy is strategy
    assert (devices.kind, devices.replicas, devices.precision) == ("TPU", 8, "bfloat16")
    assert choose(device="gpu").kind == "GPU"


def test_a_tpu_that_does_not_start_is_said_or_refused(gpus, monkeypatch, capsys):
    def fails():
        raise tf.errors.NotFoundError(None, None, "no TPU on this machine\nand more")

    monkeypatch.setattr(module, "tensorflow_for_tpus", lambda: True)
    monkeypatch.setattr(module, "_strategy_of_tpu", fails)
    assert choose().kind == "CPU"
    assert "tensorflow-tpu is installed, but finds no TPU" in capsys.readouterr().out
    with pytest.raises(ConfigError, match=r"finds no TPU .*\(tensorflow-tpu says: no TPU on this"):
        choose(device="tpu")


def test_several_workers_are_those_of_tf_config(gpus, monkeypatch, capsys):
    cluster = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    strategy = SimpleNamespace(num_replicas_in_sync=2)
    monkeypatch.setattr(module, "strategy_of_workers", lambda: strategy)
    devices = choose()
    assert (devices.strategy, devices.replicas, devices.here.index) == (strategy, 2, 1)
    assert "TF_CONFIG names 2 workers, of which this is number 1" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="unset TF_CONFIG"):
        choose(device="tpu")
