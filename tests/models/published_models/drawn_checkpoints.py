"""Checkpoints in the formats in which models are published, put together without PyTorch."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np

from tests.models.weights.test_torch_stream import number, pickled, several, state, tensor, text

KINDS = {"<f4": b"ctorch\nFloatStorage\n", "<i8": b"ctorch\nLongStorage\n"}


def torch_file(
    tensors: Mapping[str, np.ndarray], *, training: bool = False, key: str = "state_dict"
) -> bytes:
    """What `torch.save` writes of a state dict.

    Args:
        tensors: float32 and int64 arrays by name.
        training: the state dict lies in another one, as a training program leaves it.
        key: under which it lies there.
    """
    body = state({name: _tensor(str(n), array) for n, (name, array) in enumerate(tensors.items())})
    if training:
        rate = text("rate") + b"G" + np.array(1e-3, ">f8").tobytes()
        about = b"}(" + text("epoch") + number(3) + rate + b"u"
        body = b"}(" + text("meta") + about + text(key) + body + b"u"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("archive/data.pkl", pickled(body))
        for key, array in enumerate(tensors.values()):
            file.writestr(f"archive/data/{key}", array.tobytes())
        file.writestr("archive/version", b"3\n")
    return content.getvalue()


def with_code() -> bytes:
    """What `torch.save` would write of an object that runs a program when it is unpickled."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("archive/data.pkl", pickled(b"cos\nsystem\n" + several(text("true")) + b"R"))
        file.writestr("archive/version", b"3\n")
    return content.getvalue()


def _tensor(key: str, array: np.ndarray) -> bytes:
    stride = [step // array.itemsize for step in array.strides]
    return tensor(key, array.size, 0, array.shape, stride, KINDS[array.dtype.str])
