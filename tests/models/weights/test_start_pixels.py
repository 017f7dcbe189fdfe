from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.config import Model
from tf_happywhale.models.backbones.variants import IMAGENET, LITE0
from tf_happywhale.models.embedder import build_embedder
from tf_happywhale.models.published_models.convert import build_published
from tf_happywhale.models.published_models.table import ANYDORSAL
from tf_happywhale.models.weights.start_pixels import mean_std_of, with_pixels_of

SMALL = replace(ANYDORSAL, backbone="lite0")
SETTINGS = {"backbone": "lite0", "embedding_size": 4}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that normalises pixels as AnyDorsal does."""
    file = tmp_path_factory.mktemp("published") / "model.keras"
    build_published(SMALL).save(file)
    return file


def test_a_training_that_starts_from_a_model_normalises_pixels_as_it_does(
    published: Path, tmp_path: Path
) -> None:
    np.testing.assert_allclose(mean_std_of(published), SMALL.mean_std, rtol=1e-6)
    first = build_embedder(Model(weights=str(published), **SETTINGS))
    assert first.get_layer("lite0").get_layer("normalise").offset[0] == pytest.approx(
        -0.406 / 0.225
    )
    first.save(tmp_path / "model.keras")
    (tmp_path / "checkpoints").mkdir()
    weights = tmp_path / "checkpoints" / "best.weights.h5"
    first.save_weights(weights)
    shown = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    for file in (tmp_path / "model.keras", weights):
        second = build_embedder(Model(weights=str(file), **SETTINGS))
        np.testing.assert_array_equal(second(shown), first(shown))
    usual = build_embedder(Model(weights="none", **SETTINGS))
    assert usual.get_layer("lite0").get_layer("normalise").offset[0] == pytest.approx(-127 / 128)


def test_the_same_numbers_stay_the_same_to_the_last_digit(tmp_path: Path) -> None:
    build_embedder(Model(weights="none", **SETTINGS)).save(tmp_path / "model.keras")
    assert with_pixels_of(LITE0, tmp_path / "model.keras") is LITE0
    other = replace(LITE0, mean_std=IMAGENET)
    assert with_pixels_of(other, tmp_path / "model.keras") is not other


def test_a_file_that_does_not_say_it_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    assert with_pixels_of(LITE0, file) is LITE0
    file.write_bytes(b"no zip")
    assert with_pixels_of(LITE0, file) is LITE0
    for content in ("{", "[]", '{"layers": [{"class_name": "Rescaling", "config": {}}]}'):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("config.json", content)
        assert with_pixels_of(LITE0, file) is LITE0
