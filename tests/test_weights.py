from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tf_happywhale.errors import ConfigError
from tf_happywhale.weights import main, resolve


@pytest.mark.parametrize(
    ("name", "backbone", "meant"),
    [
        ("b6_ns", None, ("b6", "b6_ns")),
        ("v2_l", None, ("v2_l", "default")),
        ("lite0", None, ("lite0", "default")),
        ("tf_efficientnet_b5.in1k", None, ("b5", "tf_efficientnet_b5.in1k")),
        ("tf_efficientnetv2_l.in21k", None, ("v2_l", "tf_efficientnetv2_l.in21k")),
        ("model.safetensors", "b3", ("b3", "model.safetensors")),
    ],
)
def test_names_mean_a_backbone_and_weights(name, backbone, meant):
    assert resolve(name, backbone) == meant


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("b6_nss", r"no weights 'b6_nss': the nearest are b6_ns"),
        ("model.safetensors", r"add --backbone NAME"),
        ("hf://somebody/whales", r"add --backbone NAME"),
    ],
)
def test_other_names_are_one_sentence(name, words):
    with pytest.raises(ConfigError, match=words):
        resolve(name, None)


def test_a_file_that_keras_could_not_read_is_refused_before_any_work(tmp_path):
    with pytest.raises(ConfigError, match=r"must end in \.keras"):
        main("lite0", None, tmp_path / "lite0.h5")


def test_the_command_loads_proves_and_saves(tmp_path: Path):
    file = tmp_path / "lite0.keras"
    done = subprocess.run(
        [sys.executable, "-m", "tf_happywhale.weights", "lite0_package", "--to", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "245 tensors; not used: classifier.weight, classifier.bias, 49 counters" in done.stdout
    assert "lite0: 3,413,024 parameters" in done.stdout
    assert file.is_file()
