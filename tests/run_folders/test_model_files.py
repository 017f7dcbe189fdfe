from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import tf_happywhale
from tf_happywhale.config import Model
from tf_happywhale.errors import InputError
from tf_happywhale.run_folders.contents import check_model
from tf_happywhale.run_folders.model_files import load_model, save_model, save_weights


@pytest.fixture
def model(toy) -> keras.Model:
    return toy(Model(embedding_size=4))


def test_saved_weights_load(tmp_path, model, toy):
    path = tmp_path / "checkpoints" / "best.weights.h5"
    save_weights(path, model)
    other = toy(Model(embedding_size=4, gem_p=1.0))
    other.load_weights(path)
    for its, mine in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(its, mine)
    assert [file.name for file in path.parent.iterdir()] == ["best.weights.h5"]


def test_weights_that_could_not_be_written_leave_the_old_ones(tmp_path, model, monkeypatch):
    path = tmp_path / "best.weights.h5"
    save_weights(path, model)
    before = path.read_bytes()

    def fail(where, content):
        where.write_text("half")
        raise OSError("no space left")

    monkeypatch.setattr(type(path), "write_bytes", fail)
    with pytest.raises(OSError, match="no space"):
        save_weights(path, model)
    assert path.read_bytes() == before


def test_weights_need_the_ending_that_keras_wants(tmp_path, model):
    with pytest.raises(ValueError, match=r"must end in \.weights\.h5"):
        save_weights(tmp_path / "best.h5", model)


def test_a_saved_model_says_the_same(tmp_path, model):
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    save_model(tmp_path / "model.keras", model)
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(pictures)), np.asarray(model(pictures)))
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


def test_a_missing_model_is_one_sentence_with_the_command(tmp_path):
    for look in (check_model, load_model):
        with pytest.raises(InputError, match=r"no model .*model\.keras: run `python -m tf_happ"):
            look(tmp_path / "model.keras")


def test_a_damaged_model_is_one_sentence(tmp_path, model):
    path = tmp_path / "model.keras"
    save_model(path, model)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match=r"model\.keras cannot be loaded as a model .*train again"):
        load_model(path)


def test_a_model_with_code_in_it_is_refused(tmp_path):
    """Safe mode: a lambda's bytecode is never run."""
    pictures = keras.Input((3,))
    model = keras.Model(pictures, keras.layers.Lambda(lambda x: x + 1)(pictures))
    model.save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(tmp_path / "model.keras")


def test_every_layer_of_ours_is_known_to_a_process_that_only_loads_models() -> None:
    models = Path(tf_happywhale.__file__).parent / "models"
    ours = [
        name
        for file in models.rglob("*.py")
        for name in re.findall(
            r'register_keras_serializable\("tf_happywhale"\)\nclass (\w+)', file.read_text("utf-8")
        )
    ]
    assert "DepthwiseConv" in ours
    code = (
        "import keras, tf_happywhale.run_folders.model_files\n"
        f"for name in {ours}:\n"
        "    assert keras.saving.get_registered_object(f'tf_happywhale>{name}'), name\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
