from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.models.published_models.drawn_checkpoints import torch_file, with_code
from tf_happywhale.errors import InputError
from tf_happywhale.models.published_models.checkpoint import Renamed, read_checkpoint

TENSORS = {
    "a.weight": np.arange(6, dtype="<f4").reshape(2, 3),
    "a.count": np.array([3, 4], "<i8"),
}


@pytest.mark.parametrize("ending", ["safetensors", "bin", "pth"])
@pytest.mark.parametrize("kind", ["safetensors", "torch", "torch in training"])
def test_the_content_tells_the_format(tmp_path, kind, ending):
    path = tmp_path / f"model.{ending}"
    if kind == "safetensors":
        save_file(TENSORS, path)
    else:
        path.write_bytes(torch_file(TENSORS, training=kind == "torch in training"))
    found = read_checkpoint(path)
    assert sorted(found) == sorted(TENSORS)
    assert len(found) == 2
    assert "meta" not in found
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\xff\xd8\xff\xe0 a photograph"])
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.bin is no checkpoint: it is neither"):
        read_checkpoint(path)


def test_no_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "model.bin"):
        with pytest.raises(InputError, match="There is no file"):
            read_checkpoint(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(tmp_path, share):
    path = tmp_path / "model.pth"
    whole = torch_file(TENSORS)
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=r"model\.pth is not a whole checkpoint .*fetch it"):
        read_checkpoint(path)
    save_file(TENSORS, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=r"model\.pth is not a whole .*: fetch it again"):
        read_checkpoint(path)


def test_a_tensor_whose_bytes_have_changed_is_refused(tmp_path):
    path = tmp_path / "model.pth"
    whole = torch_file(TENSORS)
    bytes_of = TENSORS["a.weight"].tobytes()
    path.write_bytes(whole.replace(bytes_of, bytes_of[:-1] + b"\x01"))
    found = read_checkpoint(path)
    np.testing.assert_array_equal(found["a.count"], TENSORS["a.count"])
    with pytest.raises(InputError, match=r"model\.pth is not a whole checkpoint .*CRC"):
        found["a.weight"]


def test_code_is_refused_and_does_not_run(tmp_path, monkeypatch):
    import os

    called = []
    monkeypatch.setattr(os, "system", called.append)
    path = tmp_path / "model.pth"
    path.write_bytes(with_code())
    with pytest.raises(InputError, match=r"model\.pth names os system, which is not permitted"):
        read_checkpoint(path)
    assert called == []


def test_renamed_tensors_are_found_by_their_new_names_only():
    found = Renamed(TENSORS, {"b.weight": "a.weight"})
    assert list(found) == ["b.weight"]
    assert "a.weight" not in found
    np.testing.assert_array_equal(found["b.weight"], TENSORS["a.weight"])
    with pytest.raises(KeyError):
        found["a.weight"]
