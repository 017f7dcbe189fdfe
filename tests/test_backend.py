from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from tf_happywhale import backend
from tf_happywhale.backend import jax_for_tpus, set_backend
from tf_happywhale.errors import ConfigError


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch):
    """A function that makes up a machine: what of TensorFlow and JAX can use a TPU on it."""
    monkeypatch.setenv("KERAS_BACKEND", "")
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(backend, "find_spec", lambda name: object())

    def set_up(tensorflow: bool = False, jax: bool = False) -> None:
        monkeypatch.setattr(backend, "tensorflow_for_tpus", lambda: tensorflow)
        monkeypatch.setattr(backend, "jax_for_tpus", lambda: jax)

    set_up()
    return set_up


def test_it_is_tensorflow_where_nothing_is_said(monkeypatch):
    assert set_backend("auto") == os.environ["KERAS_BACKEND"] == "tensorflow"


@pytest.mark.parametrize("device", ["auto", "tpu"])
def test_it_is_jax_where_only_jax_can_use_the_tpu(machine, device):
    machine(jax=True)
    assert set_backend(device) == os.environ["KERAS_BACKEND"] == "jax"
    machine(tensorflow=True, jax=True)
    os.environ["KERAS_BACKEND"] = ""
    assert set_backend(device) == "tensorflow"


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_a_tpu_that_is_not_asked_for_changes_nothing(machine, device):
    machine(jax=True)
    assert set_backend(device) == "tensorflow"


def test_what_the_environment_says_is_kept(machine, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert set_backend("auto") == "jax"
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    machine(jax=True)
    assert set_backend("auto") == "tensorflow"


def test_jax_keeps_to_the_cpu_where_that_is_asked_for(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("JAX_PLATFORMS", "tpu")
    set_backend("cpu")
    assert os.environ["JAX_PLATFORMS"] == "cpu"


def test_another_library_is_refused(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(ConfigError, match=r"KERAS_BACKEND is torch.*tensorflow or jax"):
        set_backend("auto")


def test_a_keras_that_runs_on_the_other_one_is_a_conflict(monkeypatch):
    loaded = SimpleNamespace(backend=SimpleNamespace(backend=lambda: "tensorflow"))
    monkeypatch.setitem(sys.modules, "keras", loaded)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(ConfigError, match=r"runs on tensorflow .* jax is needed"):
        set_backend("auto")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert set_backend("auto") == "tensorflow"


def test_a_backend_without_the_tpu_that_the_other_has_is_a_conflict(machine, monkeypatch):
    machine(jax=True)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    with pytest.raises(ConfigError, match=r"unset KERAS_BACKEND, or set it to jax"):
        set_backend("tpu")


def test_a_tpu_that_is_not_there_is_an_error_and_no_silent_cpu():
    with pytest.raises(ConfigError, match=r"train\.device is tpu, and this machine has none"):
        set_backend("tpu")


def test_jax_that_is_not_installed_is_one_sentence(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'tf-happywhale\[jax\]'"):
        set_backend("auto")


def test_jax_needs_the_driver_and_an_attached_tpu(monkeypatch):
    files = []
    monkeypatch.setattr(backend, "glob", lambda pattern: files)
    assert not jax_for_tpus()
    files.append("/dev/accel0")
    assert jax_for_tpus()
    monkeypatch.setattr(backend, "find_spec", lambda name: None if name == "libtpu" else object())
    assert not jax_for_tpus()
