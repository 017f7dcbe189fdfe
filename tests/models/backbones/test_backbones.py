from __future__ import annotations

from typing import get_args

import keras
import numpy as np
import pytest

from tf_happywhale.config import Model
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.models.backbones import BACKBONES, build_backbone


def test_the_config_offers_exactly_these():
    assert set(get_args(Model.model_fields["backbone"].annotation)) == set(BACKBONES)


def test_an_unknown_name_is_one_sentence_with_the_choice():
    with pytest.raises(ConfigError, match=r"no backbone 'b8': choose one of lite0, b0, .*b7\."):
        build_backbone("b8", "none")


def test_lite0_by_name():
    assert build_backbone("lite0", "none").name == "lite0"


def test_b0_takes_plain_pictures_of_any_size_to_a_map_of_a_32nd():
    network = build_backbone("b0", "none")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)
    features = np.asarray(network(pictures))
    assert features.shape == (2, 2, 3, 1280)
    # Pixels are brought to 0–1 inside: the first layers see no value in the hundreds.
    stem = keras.Model(network.input, network.get_layer("stem_conv").input)
    assert np.abs(np.asarray(stem(pictures))).max() <= 1


def test_each_name_asks_keras_for_its_own_network(monkeypatch):
    asked = []
    for n in range(8):

        def build(n=n, **options):
            asked.append((n, options))

        monkeypatch.setattr(keras.applications, f"EfficientNetB{n}", build)
        build_backbone(f"b{n}", "imagenet")
    assert [n for n, _ in asked] == list(range(8))
    assert all(options["weights"] == "imagenet" for _, options in asked)
    assert not any(options["include_top"] for _, options in asked)


def test_weights_that_cannot_be_fetched_are_one_sentence_with_the_fix(monkeypatch):
    def offline(**options):
        raise OSError("no route to host")

    monkeypatch.setattr(keras.applications, "EfficientNetB1", offline)
    with pytest.raises(InputError, match=r"weights of b1 .*no route to host.*model\.weights=none"):
        build_backbone("b1", "imagenet")
    with pytest.raises(OSError, match="no route"):  # nothing to fetch: somebody's bug, shown whole
        build_backbone("b1", "none")
