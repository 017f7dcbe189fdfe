from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tf_happywhale.errors import ConfigError
from tf_happywhale.models.backbones.build import (
    FEATURES,
    build_backbone,
    build_variant,
    take_features,
)
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.weights.fill_network import fill, tensor_name
from tf_happywhale.models.weights.parity import formula_tensor

NETWORKS = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "backbones.json").read_text(encoding="utf-8")
)["networks"]


def shrunken(name: str, features: tuple[str, ...] = FEATURES) -> keras.Model:
    """A small network of the same build, as the fixture's values were made with."""
    changes = NETWORKS[name]["shrunken"]
    changes = {k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
    return build_variant(replace(VARIANTS[name], **changes), features=features, name=name)


def torch_shape(layer: keras.Layer, variable: keras.Variable) -> tuple[int, ...]:
    """The shape PyTorch has a variable's tensor in."""
    shape = tuple(variable.shape)
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return shape[2], 1, shape[0], shape[1]
    if len(shape) == 4:
        return shape[3], shape[2], shape[0], shape[1]
    if len(shape) == 3:
        return 1, 1, shape[0]
    if len(shape) == 2:
        return shape[1], shape[0], 1, 1
    return (*shape, 1, 1, 1) if variable.name == "gain" else shape


def by_formula(network: keras.Model) -> dict[str, np.ndarray]:
    """A checkpoint for a network, made from names and shapes."""
    return {
        name: formula_tensor(name, torch_shape(layer, variable))
        for layer in network.layers
        for variable in layer.weights
        for name in [tensor_name(layer.name, variable.name)]
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_every_map_is_timms(name):
    network = shrunken(name)
    assert fill(network, by_formula(network)) == []
    for size in (64, 75):
        picture = np.random.RandomState(size).randint(0, 256, (1, size, size, 3))
        for feature, found in zip(FEATURES, network(picture.astype(np.uint8)), strict=True):
            expected = NETWORKS[name]["maps"][f"{feature}-{size}"]
            assert list(found.shape) == expected["shape"]
            values = np.asarray(found).ravel()[expected["places"]]
            difference = np.abs(values - expected["values"]).max() / expected["largest"]
            assert difference < 1e-5, feature


@pytest.mark.parametrize("name", ["v2_s", "nfnet_l0", "eca_nfnet_l0", "efficientnetv2_rw_m"])
def test_saved_and_loaded_it_says_the_same(name, reload):
    network = shrunken(name)
    picture = np.random.default_rng(0).integers(0, 256, (2, 50, 41, 3), dtype=np.uint8)
    for found, loaded in zip(network(picture), reload(network)(picture), strict=True):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(loaded))


def test_only_the_layers_that_a_map_needs_are_built():
    names = {layer.name for layer in shrunken("b0", ("stage3", "stage4")).layers}
    assert "conv_head" not in names
    assert "blocks.6.0.bn3" in names
    assert not {name for name in names if name.startswith(("conv_head", "bn2"))}
    names = {layer.name for layer in shrunken("b0", ("stage3",)).layers}
    assert not {name for name in names if name.startswith("blocks.5")}


def test_parts_share_the_layers_of_the_whole():
    whole = shrunken("eca_nfnet_l0")
    part = take_features(whole, ("stage4",))
    assert {id(layer) for layer in part.layers} < {id(layer) for layer in whole.layers}
    picture = np.random.default_rng(0).integers(0, 256, (1, 40, 40, 3), dtype=np.uint8)
    np.testing.assert_array_equal(np.asarray(part(picture)), np.asarray(whole(picture)[1]))


def test_pixels_are_normalised_inside():
    network = build_variant(replace(VARIANTS["v2_s"], width=0.3, depth=0.1))
    first = keras.Model(network.input, network.get_layer("normalise").output)
    picture = np.stack([np.zeros((32, 32, 3)), np.full((32, 32, 3), 255)]).astype(np.uint8)
    np.testing.assert_allclose(np.asarray(first(picture))[:, 0, 0], [[-1] * 3, [1] * 3], atol=1e-6)


def test_an_unknown_name_is_one_sentence_with_the_nearest():
    with pytest.raises(ConfigError, match=r"no backbone 'b8': the nearest are b7"):
        build_backbone("b8")


@pytest.mark.parametrize("name", ["v2_s", "eca_nfnet_l0"])
def test_each_family_compiles_with_xla_forward_and_backward(name):
    import tensorflow as tf

    network = shrunken(name)

    @tf.function(jit_compile=True)
    def gradients(pictures):
        with tf.GradientTape() as tape:
            total = tf.add_n(
                [tf.reduce_mean(tf.square(m)) for m in network(pictures, training=True)]
            )
        return tape.gradient(total, [v.value for v in network.trainable_variables])

    found = gradients(tf.random.stateless_uniform((2, 32, 32, 3), (1, 2), maxval=255.0))
    assert all(np.isfinite(g.numpy()).all() for g in found)
