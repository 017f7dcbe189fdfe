from __future__ import annotations

import json
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from tf_happywhale.models.backbones.build import build_backbone
from tf_happywhale.models.backbones.efficientnet import block_repeats, round_channels
from tf_happywhale.models.backbones.variants import VARIANTS, EfficientNet
from tf_happywhale.models.layers.norm import BatchNorm

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "lite0_reference.json").read_text(encoding="utf-8")
)
# Published for EfficientNet-lite0 with its ImageNet classifier; BatchNorm's moving averages are
# not counted in it.
PUBLISHED = 4_652_008
CLASSIFIER = 1280 * 1000 + 1000


def reference_pictures() -> np.ndarray:
    """The two pictures that the PyTorch package's own model was run on for the fixture."""
    rng = np.random.default_rng([0, 0])
    pictures = []
    for _ in range(2):
        grids = [rng.normal(0.0, 1.0, (cells, cells, 3)) for cells in (3, 9, 27)]
        noise = sum(cv2.resize(grid, (224, 224), interpolation=cv2.INTER_CUBIC) for grid in grids)
        pictures.append(np.round((noise - noise.min()) / (noise.max() - noise.min()) * 255))
    return np.stack(pictures).astype(np.uint8)


def logits(features: np.ndarray, tensors: dict[str, np.ndarray]) -> np.ndarray:
    """What the checkpoint's own ImageNet classifier says."""
    return features.mean(axis=(1, 2)) @ tensors["classifier.weight"].T + tensors["classifier.bias"]


def test_parameters_are_the_published_number(lite0, lite0_tensors):
    trainable = sum(int(np.prod(variable.shape)) for variable in lite0.trainable_variables)
    assert (
        sum(lite0_tensors[name].size for name in ("classifier.weight", "classifier.bias"))
        == CLASSIFIER
    )
    assert trainable + CLASSIFIER == PUBLISHED
    norms = [layer for layer in lite0.layers if isinstance(layer, BatchNorm)]
    assert len(norms) == 49
    averages = 2 * sum(layer.gamma.shape[0] for layer in norms)
    assert lite0.count_params() == trainable + averages


def test_features_and_logits_are_those_of_pytorch(lite0, lite0_tensors):
    features = np.asarray(lite0(reference_pictures()))
    assert features.shape == (2, 7, 7, 1280)
    said = logits(features, lite0_tensors)
    for n in range(2):
        largest = REFERENCE["features_largest"][n]
        values = features[n].ravel()[REFERENCE["places"]]
        np.testing.assert_allclose(values, REFERENCE["features"][n], atol=5e-5 * largest, rtol=0)
        assert features[n].max() == pytest.approx(largest, rel=5e-5)
        largest = REFERENCE["logits_largest"][n]
        np.testing.assert_allclose(
            said[n, ::10], REFERENCE["logits"][n], atol=5e-5 * largest, rtol=0
        )
    assert said.argmax(axis=1).tolist() == REFERENCE["top"]


def test_logits_of_a_smaller_picture_are_those_of_pytorch(lite0, lite0_tensors):
    said = logits(np.asarray(lite0(reference_pictures()[:, :160, :160])), lite0_tensors)
    for n in range(2):
        wanted = np.array(REFERENCE["logits_160"][n])
        np.testing.assert_allclose(said[n, ::10], wanted, atol=5e-5 * np.abs(wanted).max(), rtol=0)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 97), (64, 50)])
def test_any_size_gives_a_map_of_a_32nd(lite0, height, width):
    shape = lite0(np.zeros((1, height, width, 3), np.uint8)).shape
    assert tuple(shape) == (1, -(-height // 32), -(-width // 32), 1280)


def test_without_weights_it_is_the_same_network_drawn_at_random(lite0):
    keras.utils.set_random_seed(1)
    random = build_backbone("lite0")
    assert [v.path for v in random.variables] == [v.path for v in lite0.variables]
    assert [v.shape for v in random.variables] == [v.shape for v in lite0.variables]
    assert not np.allclose(
        random.get_layer("conv_stem").kernel, lite0.get_layer("conv_stem").kernel
    )


def test_saved_and_loaded_it_says_the_same(lite0, reload):
    pictures = reference_pictures()[:, :64, :64]
    loaded = reload(lite0)
    np.testing.assert_array_equal(np.asarray(loaded(pictures)), np.asarray(lite0(pictures)))


TIMM = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "backbones.json").read_text(encoding="utf-8")
)["architectures"]
NETWORKS = [name for name, variant in VARIANTS.items() if isinstance(variant, EfficientNet)]


@pytest.mark.parametrize("name", NETWORKS)
def test_stages_are_as_deep_and_wide_as_timms(name):
    variant = VARIANTS[name]
    widths = [round_channels(stage.channels, variant.width) for stage in variant.stages]
    stages = [[n, c] for n, c in zip(block_repeats(variant), widths, strict=True)]
    assert stages == TIMM[name]["stages"]


@pytest.mark.parametrize("name", NETWORKS)
def test_stem_and_head_are_as_wide_as_timms(name):
    variant = VARIANTS[name]
    width = 1.0 if variant.lite else variant.width
    ends = [round_channels(channels, width) for channels in (variant.stem, variant.head)]
    assert ends == TIMM[name]["ends"]


@pytest.mark.parametrize(
    ("channels", "width", "rounded"),
    [(32, 1.0, 32), (24, 1.1, 24), (16, 1.2, 24), (24, 1.4, 32), (1280, 1.8, 2304), (3, 1.0, 8)],
)
def test_channels_are_multiples_of_8_and_not_much_fewer(channels, width, rounded):
    assert round_channels(channels, width) == rounded


def test_drop_path_grows_from_nothing_and_leaves_inference_alone():
    keras.utils.set_random_seed(3)
    network = build_backbone("b0", drop_path=0.5)
    rates = [layer.rate for layer in network.layers if layer.name.endswith("drop_path")]
    # Blocks with a shortcut are the 3rd, 5th, 7th, 8th, … of sixteen.
    assert rates[:4] == pytest.approx([0.5 * n / 16 for n in (2, 4, 6, 7)])
    pictures = reference_pictures()[:, :64, :64]
    np.testing.assert_array_equal(network(pictures), network(pictures))
    assert not np.allclose(network(pictures, training=True), network(pictures, training=True))
