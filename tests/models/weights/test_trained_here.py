from __future__ import annotations

import json
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from tf_happywhale.config import Model
from tf_happywhale.disk.swap import WHOLE
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.models.sizes import at_sizes
from tf_happywhale.models.weights.trained_here import fill_backbone, fill_neck
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.models.whitened import add_whitening

PICTURES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def embedder(seed: int, size: int = 4, name: str = "lite0", channels: int = 6) -> keras.Model:
    """As `build_embedder` makes it, around a small network in place of a backbone."""
    keras.utils.set_random_seed(seed)
    pictures = keras.Input((None, None, 3), name="picture")
    x = keras.layers.Rescaling(1 / 255, name="normalise")(pictures)
    x = keras.layers.Conv2D(channels, 3, strides=4, name="conv_stem")(x)
    x = keras.layers.BatchNormalization(name="bn1")(x)
    network = keras.Model(pictures, x, name=name)
    outer = keras.Input((None, None, 3), name="picture")
    x = keras.layers.BatchNormalization(name="neck")(GeM(3.0 + seed, name="gem")(network(outer)))
    return keras.Model(outer, keras.layers.Dense(size, name="embedding")(x), name="embedder")


def start(model: keras.Model, path: Path) -> None:
    network = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    fill_backbone(network, path)
    fill_neck(model, path)


def written(folder: Path, model: keras.Model) -> list[Path]:
    """Every form in which a run leaves it."""
    classifier = build_classifier(model, Model(), [1] * 5)
    paths = [folder / name for name in ("model.keras", "classifier.keras", "best.weights.h5")]
    model.save(paths[0])
    classifier.save(paths[1])
    classifier.save_weights(paths[2])
    white = add_whitening(model, np.eye(4, dtype=np.float32), np.ones(4, np.float32))
    for name, other in (("sizes", at_sizes(model, [1, 0.5])), ("white", white)):
        paths.append(folder / f"{name}.keras")
        other.save(paths[-1])
    return paths


def test_every_file_of_a_run_starts_another_embedder_where_it_ended(tmp_path, capsys):
    old = embedder(1)
    for path in written(tmp_path, old):
        new = embedder(2)
        start(new, path)
        np.testing.assert_array_equal(np.asarray(new(PICTURES)), np.asarray(old(PICTURES)))
        said = capsys.readouterr().out
        assert f"weights from {path}: lite0, gem, neck, embedding taken; the head is new" in said
        left = {"classifier": "arcface", "best": "arcface", "white": "whitening"}
        assert f"not taken: {left.get(path.name.split('.')[0], 'nothing')}" in said


def test_a_neck_of_another_shape_is_new_and_said(tmp_path, capsys):
    embedder(1).save(tmp_path / "model.keras")
    new = embedder(2, size=8)
    before = new.get_layer("embedding").get_weights()
    start(new, tmp_path / "model.keras")
    for now, was in zip(new.get_layer("embedding").get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, was)
    assert float(new.get_layer("gem").exponent) == 4
    said = capsys.readouterr().out
    assert "lite0, gem, neck taken; embedding new, since" in said
    assert "not taken: embedding" in said


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"name": "b0"}, r"a model of b0, and model\.backbone is lite0: set model\.backbone=b0"),
        ({"channels": 5}, r"lite0 whose layer conv_stem is missing or"),
    ],
)
def test_another_backbone_is_one_sentence_and_changes_nothing(tmp_path, other, words):
    embedder(1, **other).save(tmp_path / "model.keras")
    new = embedder(2)
    before = new.get_weights()
    with pytest.raises(ConfigError, match=words):
        start(new, tmp_path / "model.keras")
    for now, was in zip(new.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, was)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    model, torn, foreign, broken = (
        tmp_path / name for name in ("model.keras", "torn.keras", "my.weights.h5", "nan.keras")
    )
    embedder(1).save(model)
    torn.write_bytes(model.read_bytes()[:-900])
    with h5py.File(foreign, "w") as file:
        file.create_group("layers/dense/vars").attrs["name"] = "dense"
    bad = embedder(1)
    bad.get_layer("neck").moving_mean.assign(np.full(6, np.nan))
    bad.save(broken)
    for path, words in (
        (torn, "cannot be read as weights of this package"),
        (foreign, "holds no network named embedder"),
        (broken, "is damaged: neck is not finite"),
    ):
        with pytest.raises(InputError, match=words):
            start(embedder(2), path)


def test_a_run_folder_means_its_model_or_else_its_best_weights(tmp_path):
    best = tmp_path / "training" / "checkpoints" / "best-epoch-00007.weights.h5"
    best.parent.mkdir(parents=True)
    with pytest.raises(InputError, match=r"holds no model\.keras .*such as OUTPUT/NAME/fold0"):
        find_weights("lite0", str(tmp_path))
    for path in (best.with_name("best-epoch-00003.weights.h5"), best):
        path.touch()
    assert find_weights("lite0", str(tmp_path)) == str(best)
    (tmp_path / "model.keras").touch()
    assert find_weights("lite0", str(tmp_path)) == str(tmp_path / "model.keras")
    with pytest.raises(InputError, match="no weights file"):
        find_weights("lite0", str(tmp_path / "gone.keras"))


def test_a_run_whose_new_model_a_kill_has_left_on_its_way_means_that_model(tmp_path):
    made = tmp_path / "training"
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "best.weights.h5").write_text("the older model's")
    made.mkdir()
    (made / "model.keras").write_text("new")
    said = {"last": "model.keras", "outdated": [], "unneeded": []}
    (made / WHOLE).write_text(json.dumps(said))
    assert find_weights("b0", str(tmp_path)) == str(tmp_path / "model.keras")
    assert (tmp_path / "model.keras").read_text() == "new"
