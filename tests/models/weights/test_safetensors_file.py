from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.safetensors_file import SafeTensors


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_file({"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b.c": np.ones(2)}, path)
    return path


def test_it_is_a_mapping_of_names_to_arrays(file):
    tensors = SafeTensors(file)
    assert sorted(tensors) == ["a", "b.c"]
    assert len(tensors) == 2
    assert "a" in tensors
    assert "x" not in tensors
    np.testing.assert_array_equal(tensors["a"], [[0, 1, 2], [3, 4, 5]])
    with pytest.raises(KeyError):
        tensors["x"]


@pytest.mark.parametrize("kept", [0, 4, 40, -1])
def test_a_file_that_was_cut_off_is_refused(file, kept):
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"no whole \.safetensors file .*fetch it again"):
        SafeTensors(file)


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "model.safetensors").write_text("404: Not Found")
    with pytest.raises(InputError, match="no whole"):
        SafeTensors(tmp_path / "model.safetensors")
