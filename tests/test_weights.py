from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.weights import main


def test_a_file_that_keras_could_not_read_is_refused_before_any_work(tmp_path):
    with pytest.raises(ConfigError, match=r"must end in \.keras"):
        main("lite0", None, str(tmp_path / "lite0.h5"))


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path):
    file = tmp_path / "mine.keras"
    file.write_text("a trained model")
    with pytest.raises(InputError, match=r"There is a .*mine\.keras already"):
        main("lite0", None, str(file))
    assert file.read_text() == "a trained model"


def test_the_command_loads_proves_and_saves(tmp_path: Path):
    file = tmp_path / "lite0.keras"
    done = subprocess.run(
        [sys.executable, "-m", "tf_happywhale.weights", "lite0_package", "--to", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "245 tensors; not used: classifier.weight, classifier.bias, 49 counters" in done.stdout
    assert "lite0: 3,413,024 parameters" in done.stdout
    assert file.is_file()
