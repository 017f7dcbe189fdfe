from __future__ import annotations

import keras
import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.build import build_backbone
from tf_happywhale.models.weights.fill_network import fill, tensor_name


@pytest.fixture(scope="module")
def blank() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_backbone("lite0")


BROKEN = {
    "the last tensor missing": ({"bn2.running_var": None}, r"has no bn2\.running_var"),
    "the first tensor missing": ({"conv_stem.weight": None}, r"has no conv_stem\.weight"),
    "a larger network's": (
        {"blocks.6.1.bn1.bias": np.zeros(3)},
        r"lite0 has no blocks\.6\.1\.bn1\.bias",
    ),
    "wrong shape at the end": (
        {"bn2.weight": np.ones(1279)},
        r"\(1279,\), which does not fit \(1280,\)",
    ),
    "wrong shape, right count": ({"conv_head.weight": np.ones((320, 1280, 1, 1))}, "conv_head"),
    "not finite": ({"bn2.bias": np.full(1280, np.nan)}, "not finite"),
    "a kernel that is no 1×1": ({"bn2.weight": np.ones((1280, 1, 3, 3))}, r"bn2\.weight"),
}


@pytest.mark.parametrize(("changes", "words"), BROKEN.values(), ids=BROKEN)
def test_what_does_not_fit_is_refused_before_anything_changes(blank, lite0_tensors, changes, words):
    tensors = {**lite0_tensors, **changes}
    tensors = {name: value for name, value in tensors.items() if value is not None}
    before = blank.get_weights()
    with pytest.raises(InputError, match=words):
        fill(blank, tensors)
    for now, was in zip(blank.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, was)


def test_what_has_no_place_is_named_but_for_counters(lite0_tensors):
    unused = fill(build_backbone("lite0"), lite0_tensors)
    assert unused == ["classifier.weight", "classifier.bias"]


def test_an_empty_checkpoint_is_refused(blank):
    with pytest.raises(InputError, match=r"not lite0's: it has no conv_stem\.weight"):
        fill(blank, {})


def test_half_precision_checkpoints_are_widened(lite0_tensors):
    network = build_backbone("lite0")
    halves = {name: value.astype(np.float16) for name, value in lite0_tensors.items()}
    fill(network, halves)
    kernel = np.asarray(network.get_layer("conv_stem").kernel)
    assert kernel.dtype == np.float32
    assert kernel[0, 1, 2, 3] == np.float32(halves["conv_stem.weight"][3, 2, 0, 1])


@pytest.mark.parametrize(
    ("layer", "variable", "name"),
    [
        ("conv_stem", "kernel", "conv_stem.weight"),
        ("blocks.1.0.bn1", "moving_variance", "blocks.1.0.bn1.running_var"),
        ("blocks.1.0.bn1", "gamma", "blocks.1.0.bn1.weight"),
        ("blocks.1.0.se", "reduce_kernel", "blocks.1.0.se.conv_reduce.weight"),
        ("blocks.1.0.se", "expand_bias", "blocks.1.0.se.conv_expand.bias"),
        ("stages.0.0.attn_last", "reduce_kernel", "stages.0.0.attn_last.fc1.weight"),
        ("stages.0.0.attn_last", "expand_bias", "stages.0.0.attn_last.fc2.bias"),
        ("stages.0.0.attn_last", "kernel", "stages.0.0.attn_last.conv.weight"),
        ("stages.0.0.conv1", "gain", "stages.0.0.conv1.gain"),
        ("layers.1.blocks.0.attn", "qkv_kernel", "layers.1.blocks.0.attn.qkv.weight"),
        ("layers.1.blocks.0.attn", "proj_bias", "layers.1.blocks.0.attn.proj.bias"),
        (
            "layers.1.blocks.0.attn",
            "relative_position_bias_table",
            "layers.1.blocks.0.attn.relative_position_bias_table",
        ),
        ("blocks.2.ls1", "scale", "blocks.2.ls1.gamma"),
        ("tokens", "cls_token", "cls_token"),
        ("tokens", "pos_embed", "pos_embed"),
        ("layers.1.downsample.reduction", "kernel", "layers.1.downsample.reduction.weight"),
    ],
)
def test_names_are_timms(layer, variable, name):
    assert tensor_name(layer, variable) == name
