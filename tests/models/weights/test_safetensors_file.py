from __future__ import annotations

import json
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
    with pytest.raises(InputError, match=r"not a whole \.safetensors file .*fetch it again"):
        SafeTensors(file)


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "model.safetensors").write_text("404: Not Found")
    with pytest.raises(InputError, match="not a whole"):
        SafeTensors(tmp_path / "model.safetensors")


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3", "I8"])
def test_a_number_type_that_is_no_plain_weight_is_named(file, kind):
    """Written by hand: NumPy has no such types."""
    header = json.dumps({"a": {"dtype": kind, "shape": [2], "data_offsets": [0, 4]}})
    size = {"BF16": 4}.get(kind, 2)
    header = header.replace("[0, 4]", f"[0, {size}]").encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(size))
    with pytest.raises(InputError, match=rf"holds a as {kind}"):
        SafeTensors(file)["a"]
