"""Arrays in an `.npz`, mapped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.disk.npz import map_array, write_npz

ARRAYS = {
    "key": np.array(["a", "bc"]),
    "whole": np.arange(12, dtype=np.int8).reshape(3, 4),
    "half": np.linspace(0, 1, 7).astype(np.float16),
    "none": np.zeros((0, 5), np.float32),
}


def test_what_was_written_is_read_and_mapped(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", ARRAYS)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert file.files == list(ARRAYS)
        for name, array in ARRAYS.items():
            assert np.array_equal(file[name], array) and file[name].dtype == array.dtype
    for name in ("whole", "half"):
        mapped = map_array(tmp_path / "a.npz", name, ARRAYS[name].dtype)
        assert np.array_equal(mapped, ARRAYS[name])
        assert mapped.ctypes.data % 64 == 0 and not mapped.flags.writeable


def test_what_cannot_be_mapped_is_none(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", ARRAYS)
    np.savez_compressed(tmp_path / "c.npz", **ARRAYS)
    assert map_array(tmp_path / "a.npz", "whole", np.float32) is None
    assert map_array(tmp_path / "a.npz", "none", np.float32) is None
    assert map_array(tmp_path / "c.npz", "whole", np.int8) is None
    with pytest.raises(KeyError):
        map_array(tmp_path / "a.npz", "other", np.int8)
