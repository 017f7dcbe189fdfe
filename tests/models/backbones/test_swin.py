from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.models.weights.test_swin_names import swin_tensors
from tf_happywhale.models.backbones.build import FEATURES, build_variant, take_features
from tf_happywhale.models.backbones.swin_variants import SWINS, Swin
from tf_happywhale.models.weights.fill_network import fill

TIMM = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "swin.json").read_text(encoding="utf-8")
)


def small() -> keras.Model:
    """The small network that the fixture's values were made with."""
    said = {k: tuple(v) if isinstance(v, list) else v for k, v in TIMM["small"]["variant"].items()}
    return build_variant(Swin(**said), features=FEATURES, name="small")


@pytest.fixture(scope="module")
def filled() -> keras.Model:
    network = small()
    assert fill(network, swin_tensors(network)) == []
    return network


def picture() -> np.ndarray:
    return np.random.RandomState(7).randint(0, 256, (1, 64, 64, 3)).astype(np.uint8)


def test_every_map_is_timms(filled):
    for feature, found in zip(FEATURES, filled(picture()), strict=True):
        expected = TIMM["small"]["maps"][feature]
        assert list(found.shape) == expected["shape"]
        values = np.asarray(found).ravel()[expected["places"]]
        assert np.abs(values - expected["values"]).max() < 1e-5 * expected["largest"], feature


def test_its_tensors_have_timms_names(filled):
    assert sorted(swin_tensors(filled)) == sorted(TIMM["small"]["names"])


@pytest.mark.parametrize("name", SWINS)
def test_the_table_is_timms(name):
    swin, timm = SWINS[name], TIMM["architectures"][name]
    assert swin.timm == name
    assert list(swin.depths) == timm["depths"]
    assert list(swin.heads) == timm["heads"]
    assert [swin.channels * 2**stage for stage in range(4)] == timm["channels"]
    assert [swin.window] * 4 == timm["windows"]
    assert (swin.patch, swin.size) == (timm["patch"], timm["size"])
    assert [list(values) for values in swin.mean_std] == timm["mean_std"]


def test_saved_and_loaded_it_says_the_same(filled, reload):
    for found, loaded in zip(filled(picture()), reload(filled)(picture()), strict=True):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(loaded))


def test_half_precision_gives_nearly_the_same(filled, policy):
    network = small()
    network.set_weights(filled.get_weights())
    unit = []
    for each in (filled, network):
        pooled = np.float32(take_features(each, ("final",))(picture())).mean(axis=(1, 2))
        unit.append(pooled / np.linalg.norm(pooled))
    assert (unit[0] * unit[1]).sum() > 0.99


def test_pictures_of_another_size_do_not_fit(filled):
    with pytest.raises(ValueError, match="shape"):
        filled(np.zeros((1, 96, 96, 3), np.uint8))


def test_drop_path_grows_from_nothing_to_its_largest():
    swin = Swin("s", 32, window=2, channels=4, depths=(1, 2, 1, 1), heads=(1, 1, 1, 1))
    network = build_variant(swin, drop_path=0.4)
    rates = [layer.rate for layer in network.layers if layer.name.endswith("drop_path")]
    assert rates == pytest.approx([0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4])
