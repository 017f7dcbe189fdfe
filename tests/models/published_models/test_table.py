from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from tf_happywhale.models.backbones.build import ARCHITECTURES
from tf_happywhale.models.backbones.efficientnet import round_channels
from tf_happywhale.models.backbones.swin_variants import SWINS
from tf_happywhale.models.backbones.variants import IMAGENET
from tf_happywhale.models.backbones.vit_variants import VITS
from tf_happywhale.models.published_models.table import PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_model_is_one_of_our_networks(name):
    published = PUBLISHED[name]
    variant = ARCHITECTURES[published.backbone]
    assert published.name == name
    assert variant.timm == published.network
    if published.fixed:
        assert published.size == variant.size
        stages = 1 if published.backbone in VITS else len(variant.depths)
        assert published.embedding == variant.channels * 2 ** (stages - 1)
    else:
        assert published.embedding == round_channels(variant.head, variant.width)


def test_each_swin_is_a_megadescriptor():
    found = {name: one for name, one in PUBLISHED.items() if name.startswith("megadescriptor_")}
    assert list(found) == [
        f"megadescriptor_{rest}" for rest in ("t_224", "s_224", "b_224", "l_224", "l_384")
    ]
    assert [one.backbone for one in found.values()] == list(SWINS)
    assert found["megadescriptor_l_384"].source == "hf://BVRA/MegaDescriptor-L-384"
    for one in found.values():
        assert (one.mean_std, one.licence) == (IMAGENET, "CC-BY-NC-4.0")
        assert "commercial" in one.restricted and "Happywhale" in one.trained_on


def test_each_vision_transformer_is_a_dinov2():
    found = {name: one for name, one in PUBLISHED.items() if name.startswith("dinov2_")}
    assert list(found) == ["dinov2_s", "dinov2_b", "dinov2_l"]
    assert [one.backbone for one in found.values()] == list(VITS)
    assert found["dinov2_b"].source == "hf://timm/vit_base_patch14_dinov2.lvd142m"
    for one in found.values():
        assert (one.mean_std, one.licence, one.restricted) == (IMAGENET, "Apache-2.0", "")


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_known_is_written_as_it_can_be_used(name):
    published = PUBLISHED[name]
    assert re.fullmatch(r"(hf://[\w.-]+/[\w.-]+)?", published.source)
    assert re.fullmatch(r"([0-9a-f]{64})?", published.sha256)
    assert published.file and published.trained_on
    assert not any("\n" in str(value) for value in asdict(published).values())


def test_anydorsal_has_blues_mean_for_red():
    """As in pyseter: 103.53, 116.28, 123.675 and 57.375, 57.12, 58.395 grey levels."""
    mean, std = PUBLISHED["anydorsal"].mean_std
    assert [round(255 * value, 4) for value in mean] == [103.53, 116.28, 123.675]
    assert [round(255 * value, 4) for value in std] == [57.375, 57.12, 58.395]
