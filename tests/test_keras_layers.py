from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras

from tf_happywhale import keras_layers
from tf_happywhale.models.layers.gem import GeM

ROOT = Path(__file__).parents[1]
FRESH = """
import sys
import tf_happywhale
assert not {"keras", "tensorflow"} & set(sys.modules)
import keras
model = keras.models.load_model(sys.argv[1])
print(*(type(layer).__name__ for layer in model.layers))
"""


def test_every_layer_lies_in_its_room_and_imports_no_other():
    files = (ROOT / "tf_happywhale" / "models").rglob("*.py")
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    found = {file: text for file, text in texts.items() if "register_keras_seri" in text}
    room = (ROOT / "tf_happywhale" / "models" / "layers").glob("*.py")
    assert set(found) == {file for file in room if file.stem != "__init__"}
    assert not [file for file, text in found.items() if "tf_happywhale." in text]


def test_a_fresh_process_loads_a_model_after_importing_the_package(tmp_path):
    pictures = keras.Input((None, None, 3))
    keras.Model(pictures, GeM(3.0)(pictures)).save(tmp_path / "model.keras")
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(tmp_path / "model.keras")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-2:] == ["InputLayer", "GeM"]


def test_where_keras_is_imported_already_they_are_registered_at_once(monkeypatch):
    called = []
    monkeypatch.setattr(keras_layers, "_import_layers", lambda: called.append(True))
    keras_layers.register()
    assert called
    assert not [each for each in sys.meta_path if type(each).__name__ == "_AfterKeras"]
