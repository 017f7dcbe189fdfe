"""The networks here are lite0's with its real weights: small, and known to be right."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.models.published_models.drawn_checkpoints import torch_file, with_code
from tf_happywhale.config import Model
from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.variants import LITE
from tf_happywhale.models.embedder import build_embedder
from tf_happywhale.models.published_models.convert import convert
from tf_happywhale.models.published_models.table import ANYDORSAL, MIEWID_MSV3, PublishedModel

MEAN = replace(ANYDORSAL, backbone="lite0")
GEM = replace(MIEWID_MSV3, backbone="lite0")
POWER = 2.6


def backbone_tensors(tensors: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The tensors of a backbone without its classifier, by the names of a published model."""
    mine = {name: array for name, array in tensors.items() if not name.startswith("classifier")}
    return {prefix + name: np.ascontiguousarray(array) for name, array in mine.items()}


@pytest.fixture(scope="module")
def norm() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(5)
    return {
        "bn.weight": draw.uniform(0.5, 1.5, 1280).astype("f4"),
        "bn.bias": draw.normal(size=1280).astype("f4"),
        "bn.running_mean": draw.uniform(0, 1, 1280).astype("f4"),
        "bn.running_var": draw.uniform(0.5, 1.5, 1280).astype("f4"),
        "bn.num_batches_tracked": np.array([7], "<i8"),
    }


@pytest.fixture(scope="module")
def gem_tensors(lite0_tensors, norm) -> dict[str, np.ndarray]:
    """MiewID's, with the head that its training leaves."""
    head = {"final.weight": np.ones((3, 1280), "f4"), "final.bias": np.ones(3, "f4")}
    exponent = {"pooling.p": np.array([POWER], "f4")}
    return {**backbone_tensors(lite0_tensors, "backbone."), **exponent, **norm, **head}


@pytest.fixture(scope="module")
def mean_tensors(lite0_tensors) -> dict[str, np.ndarray]:
    """AnyDorsal's, with its head."""
    backbone = backbone_tensors(lite0_tensors, "backbone.timm_model.")
    return {**backbone, "head.weight": np.ones((3, 1280), "f4")}


def pictures(size: int) -> np.ndarray:
    return np.random.default_rng(size).integers(0, 256, (2, size, size, 3), dtype=np.uint8)


def features(lite0: keras.Model, shown: np.ndarray, published: PublishedModel) -> np.ndarray:
    """lite0's map of pictures that are normalised as the published model wants them."""
    mean, std = (np.array(values, np.float32) for values in published.mean_std)
    usual_mean, usual_std = (np.array(values, np.float32) for values in LITE)
    normalised = (shown / np.float32(255) - mean) / std
    return np.asarray(lite0(255 * (normalised * usual_std + usual_mean)))


def far(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest cosine distance of two rows."""
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (found, wanted)]
    return float((1 - (unit[0] * unit[1]).sum(axis=1)).max())


def test_gem_and_norm_are_miewids(lite0, gem_tensors, norm, tmp_path, reload):
    path = tmp_path / "model.safetensors"
    save_file(gem_tensors, path)
    model = convert(GEM, path)
    for size in (64, 75):
        shown = pictures(size)
        mapped = np.maximum(features(lite0, shown, GEM).astype("f8"), 1e-6)
        pooled = (mapped**POWER).mean(axis=(1, 2)) ** (1 / POWER)
        scale = norm["bn.weight"] / np.sqrt(norm["bn.running_var"] + 1e-5)
        wanted = (pooled - norm["bn.running_mean"]) * scale + norm["bn.bias"]
        found = np.asarray(model(shown))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())
        assert far(found, wanted) < 1e-6
    np.testing.assert_array_equal(np.asarray(reload(model)(shown)), found)


def test_mean_and_pixels_are_anydorsals(lite0, mean_tensors, tmp_path):
    path = tmp_path / "model.pth"
    path.write_bytes(torch_file(mean_tensors, training=True))
    model = convert(MEAN, path)
    for size in (64, 75):
        shown = pictures(size)
        wanted = features(lite0, shown, MEAN).mean(axis=(1, 2))
        found = np.asarray(model(shown))
        assert found.shape == (2, 1280)
        assert far(found, wanted) < 1e-6
        usual = replace(MEAN, mean_std=tuple(part[::-1] for part in MEAN.mean_std))
        assert far(found, features(lite0, shown, usual).mean(axis=(1, 2))) > 1e-6


def test_the_exponent_may_have_the_hubs_name(gem_tensors, tmp_path):
    named = {name.replace("pooling.p", "backbone.global_pool.p"): array
             for name, array in gem_tensors.items()}  # fmt: skip
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(torch_file({**named, "pooling.p": gem_tensors["pooling.p"]}))
    assert float(convert(GEM, path).get_layer("gem").exponent) == pytest.approx(POWER)
    path.write_bytes(torch_file({**named, "pooling.p": np.array([3.0], "f4")}))
    with pytest.raises(InputError, match=r"pooling\.p should be the same and differ"):
        convert(GEM, path)


def test_a_training_can_start_from_it(gem_tensors, tmp_path, capsys):
    save_file(gem_tensors, tmp_path / "model.safetensors")
    model = convert(GEM, tmp_path / "model.safetensors")
    model.save(tmp_path / "model.keras")
    weights = str(tmp_path / "model.keras")
    started = build_embedder(Model(backbone="lite0", weights=weights, embedding_size=None))
    assert "lite0, gem, neck taken" in capsys.readouterr().out
    for ours, theirs in zip(started.variables, model.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def refused(published: PublishedModel, tensors: dict[str, np.ndarray], folder: Path) -> str:
    path = folder / "theirs.safetensors"
    save_file(tensors, path)
    with pytest.raises(InputError) as error:
        convert(published, path)
    said = str(error.value)
    assert said.startswith(f"{path} is ")
    assert said.endswith(".") and not re.search(r"\.\s", said)  # one sentence
    return said


def test_another_models_file_is_refused(gem_tensors, mean_tensors, lite0_tensors, tmp_path):
    said = refused(MEAN, gem_tensors, tmp_path)
    assert "is not anydorsal's" in said
    assert said.endswith("; take ristwhales_model.pth of hf://philpatton/ristwhales.")
    assert "is not miewid_msv3's: it has no " in refused(GEM, mean_tensors, tmp_path)
    plain = {name: np.ascontiguousarray(array) for name, array in lite0_tensors.items()}
    for published in (MEAN, GEM):  # ImageNet's weights of the same network
        assert "whose name does not begin with backbone." in refused(published, plain, tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"backbone.conv_head.weight": None}, r"it has no conv_head.weight"),
        ({"bn.weight": None}, "it has no neck.weight"),
        ({"bn.weight": np.ones(512, "f4")}, "neck.weight is (512,), which does not fit (1280,)"),
        ({"backbone.blocks.9.0.bn1.bias": np.ones(3, "f4")}, "miewid_msv3 has no blocks.9.0.bn1"),
        ({"fc.weight": np.ones((3, 1280), "f4")}, "it has a fc.weight"),
        (
            {"bn.bias": np.full(1280, np.nan, "f4")},
            "is damaged, since neck.bias is not finite: fetch it again",
        ),
    ],
)
def test_a_file_that_lacks_or_adds_something_is_refused(gem_tensors, tmp_path, change, said):
    changed = {name: array for name, array in {**gem_tensors, **change}.items()
               if array is not None}  # fmt: skip
    assert said in refused(GEM, changed, tmp_path)


def test_damaged_files_and_code_are_refused(mean_tensors, tmp_path):
    path = tmp_path / "model.pth"
    whole = torch_file(mean_tensors)
    for content, said in (
        (whole[:-1000], "is not a whole checkpoint of PyTorch"),
        (b"not found", "is no checkpoint"),
        (with_code(), "names os system, which is not permitted since it could run code"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=said):
            convert(MEAN, path)
