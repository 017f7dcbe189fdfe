"""Every layer and head compiles with XLA, forward and backward, to what it is without.

What a TPU lacks shows here: XLA compiles static shapes only, and has no kernel for some operations.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.config import Model
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.layers.activation import FastActivation
from tf_happywhale.models.layers.arcface import ArcFace
from tf_happywhale.models.layers.channel_attention import ChannelAttention
from tf_happywhale.models.layers.column import Column
from tf_happywhale.models.layers.depthwise import DepthwiseConv
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.models.layers.norm import BatchNorm
from tf_happywhale.models.layers.region import Region
from tf_happywhale.models.layers.resized import Resized
from tf_happywhale.models.layers.squeeze_excite import SqueezeExcite
from tf_happywhale.models.layers.std_conv import ScaledStdConv

MAPS = (4, 9, 8, 16)
LAYERS = {
    "BatchNorm": lambda: BatchNorm(momentum=0.9),
    "ChannelAttention": ChannelAttention,
    "Column": lambda: Column(1, 3),
    "DepthwiseConv 3": lambda: DepthwiseConv(3, padding="same", use_bias=False),
    "DepthwiseConv 5": lambda: DepthwiseConv(5, padding="same", use_bias=False),
    "DepthwiseConv 5, strides": lambda: DepthwiseConv(5, 2, padding="same", use_bias=False),
    "FastActivation": lambda: FastActivation("silu"),
    "GeM": lambda: GeM(3.0),
    "Region": lambda: Region((0.25, 0, 0.75, 0.5)),
    "Resized": lambda: Resized(1.5),
    "ScaledStdConv": lambda: ScaledStdConv(8, 3),
    "ScaledStdConv, groups": lambda: ScaledStdConv(8, 3, strides=2, groups=2),
    "SqueezeExcite": lambda: SqueezeExcite(4),
    "the neck": lambda: keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
}
HEADS = {
    "margins": {"margin": 0.3},
    "dynamic margins": {"margin": [0.1, 0.2, 0.3, 0.4, 0.5]},
    "sub-centres": {"margin": 0.3, "subcentres": 3},
    "easy margin": {"margin": 0.3, "easy_margin": True, "label_smoothing": 0.1},
}


def assert_alike_both_ways(forward: Callable, variables: list, x: np.ndarray) -> None:
    """Loss and gradients of x and variables are the same compiled with XLA and without."""

    def gradients(x: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = sum(tf.reduce_sum(tf.sin(y)) for y in tf.nest.flatten(forward(x)))
        return [loss, *tape.gradient(loss, [x, *(v.value for v in variables)])]

    start = [v.numpy() for v in variables]
    found = []
    for jit in (True, False):
        for variable, value in zip(variables, start, strict=True):
            variable.assign(value)
        found.append(tf.function(gradients, jit_compile=jit)(tf.constant(x)))
    for compiled, plain in zip(*found, strict=True):
        assert plain is not None
        scale = max(1.0, float(np.abs(plain).max()))
        np.testing.assert_allclose(compiled, plain, atol=2e-4 * scale)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_compiles(name: str) -> None:
    keras.utils.set_random_seed(0)
    layer = LAYERS[name]()
    shape = (4, 16) if name == "the neck" else MAPS
    x = np.random.default_rng(0).normal(1, 1, shape).astype(np.float32)
    layer(x)
    assert_alike_both_ways(lambda maps: layer(maps, training=True), layer.trainable_variables, x)


@pytest.mark.parametrize("name", HEADS)
def test_a_head_compiles(name: str) -> None:
    keras.utils.set_random_seed(0)
    head = ArcFace(5, scale=16.0, **HEADS[name])
    x = np.random.default_rng(1).normal(size=(4, 7)).astype(np.float32)
    targets = np.array([0, 4, 2, 2])
    head(x, targets)
    assert_alike_both_ways(lambda embedding: head(embedding, targets), head.trainable_variables, x)


def test_a_classifier_of_two_heads_compiles() -> None:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3))
    x = GeM(3.0)(keras.layers.Conv2D(8, 3, strides=2, activation="relu")(inputs))
    neck = keras.layers.BatchNormalization(dtype="float32")(x)
    embedder = keras.Model(inputs, keras.layers.Dense(6)(neck), name="embedder")
    settings = Model(species_weight=0.5, dynamic_margin=(0.27, -0.36, 0.05))
    classifier = build_classifier(embedder, settings, [1, 2, 3], [3, 3])
    targets, species = tf.constant([0, 1, 2, 1]), tf.constant([0, 1, 0, 1])
    pictures = np.random.default_rng(2).uniform(0, 1, (4, 12, 12, 3)).astype(np.float32)
    assert_alike_both_ways(
        lambda x: classifier([x, targets, species], training=True),
        classifier.trainable_variables,
        pictures,
    )
