from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.models.weights.test_swin_names import swin_tensors
from tf_happywhale.models.backbones.build import build_vit
from tf_happywhale.models.backbones.vit import vit_embedding
from tf_happywhale.models.backbones.vit_variants import VITS, ViT
from tf_happywhale.models.weights.fill_network import fill

TIMM = json.loads((Path(__file__).parents[1] / "fixtures" / "vit.json").read_text(encoding="utf-8"))


def small() -> keras.Model:
    """The small network that the fixture's values were made with, with its map and its embedding
    as outputs."""
    said = TIMM["small"]["variant"]
    variant = ViT(**{**said, "mean_std": tuple(map(tuple, said["mean_std"]))})
    pictures = keras.Input((variant.size, variant.size, 3))
    features = build_vit(variant, name="small")(pictures)
    return keras.Model(pictures, [features[0], vit_embedding(features, variant)], name="whole")


@pytest.fixture(scope="module")
def filled() -> keras.Model:
    network = small()
    assert fill(network, swin_tensors(network)) == []
    return network


def picture() -> np.ndarray:
    return np.random.RandomState(7).randint(0, 256, (1, 56, 56, 3)).astype(np.uint8)


def test_cells_and_embedding_are_timms(filled):
    for name, found in zip(("cells", "embedding"), filled(picture()), strict=True):
        expected = TIMM["small"]["values"][name]
        assert list(found.shape) == expected["shape"]
        values = np.asarray(found).ravel()
        largest = np.abs(expected["values"]).max()
        assert np.abs(values - expected["values"]).max() < 1e-5 * largest, name


def test_its_tensors_have_timms_names(filled):
    assert sorted(swin_tensors(filled)) == sorted(TIMM["small"]["names"])


@pytest.mark.parametrize("name", VITS)
def test_the_table_is_timms(name):
    vit, timm = VITS[name], TIMM["architectures"][name]
    assert vit.timm == name
    for key in ("size", "channels", "depth", "heads", "patch"):
        assert getattr(vit, key) == timm[key], key
    assert [list(values) for values in vit.mean_std] == timm["mean_std"]
    tokens, channels = 2 + vit.side**2, vit.channels  # the class token is counted twice
    block = 12 * channels**2 + 15 * channels  # four norms' weights, two scales, nine of biases
    patches = 3 * vit.patch**2 * channels + channels
    assert timm["parameters"] == tokens * channels + patches + vit.depth * block + 2 * channels


def test_saved_and_loaded_it_says_the_same(filled, reload):
    for found, loaded in zip(filled(picture()), reload(filled)(picture()), strict=True):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(loaded))


def test_half_precision_gives_nearly_the_same(filled, policy):
    network = small()
    network.set_weights(filled.get_weights())
    unit = []
    for each in (filled, network):
        embedding = each(picture())[1]
        assert embedding.dtype == "float32"
        unit.append(np.asarray(embedding[0]) / np.linalg.norm(embedding[0]))
    assert (unit[0] * unit[1]).sum() > 0.99


def test_a_patch_elsewhere_changes_the_embedding(filled):
    """What is learned of a place belongs to it."""
    turned = picture()[:, ::-1, ::-1]
    first, second = (np.asarray(filled(each)[1][0]) for each in (picture(), turned))
    assert np.abs(first - second).max() > 1e-3


def test_pictures_of_another_size_do_not_fit(filled):
    with pytest.raises(ValueError, match="shape"):
        filled(np.zeros((1, 70, 70, 3), np.uint8))
