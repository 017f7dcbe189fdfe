"""PyTorch's old checkpoint format (before 1.6), read without PyTorch and without unpickling.

The file begins with five pickles: a magic number, the protocol, facts about the machine, the state
dict with references to storages, and the keys of the storages. Then follow, for each key, the
number of elements and their bytes. The pickles are read opcode by opcode. Four names are permitted;
nothing is imported or called, and any other name or opcode is refused.

Format: `_legacy_save` in https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
"""

from __future__ import annotations

import hashlib
import io
import pickletools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tf_happywhale.errors import InputError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
DTYPES = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
PERMITTED = {"collections OrderedDict", "torch._utils _rebuild_tensor_v2", *DTYPES}
_MARK = object()


class _Name(NamedTuple):
    """A permitted global. It is compared, and never called."""

    text: str


class _Storage(NamedTuple):
    key: str
    dtype: np.dtype
    elements: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def read_torch_stream(path: Path, expected_sha256: str) -> dict[str, np.ndarray]:
    """Return the state dict of a checkpoint file: arrays by name, float32 or int64.

    Raises:
        InputError: the content is not the expected one, or is not only plain tensors.
    """
    content = Path(path).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != expected_sha256:
        raise InputError(
            f"{path} is not the expected file (SHA-256 {found[:12]}…, expected "
            f"{expected_sha256[:12]}…): reinstall the package it came from."
        )
    return parse_torch_stream(content)


def parse_torch_stream(content: bytes) -> dict[str, np.ndarray]:
    """Return the state dict in the bytes of a file; see `read_torch_stream`."""
    stream = io.BytesIO(content)
    try:
        magic, protocol, _, state, keys = (_walk(stream) for _ in range(5))
        if magic != MAGIC or protocol != PROTOCOL:
            raise InputError("This is not a PyTorch checkpoint of the format before 1.6.")
        raw = {}
        for key in keys:
            start = stream.tell() + 8
            elements = int.from_bytes(content[start - 8 : start], "little")
            raw[key] = start, elements
            dtype = next(t.storage.dtype for t in state.values() if t.storage.key == key)
            stream.seek(start + elements * dtype.itemsize)
        return {name: _array(content, tensor, raw) for name, tensor in state.items()}
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"The checkpoint is damaged ({error}): fetch it again.") from None


def _array(content: bytes, tensor: _Tensor, raw: dict[str, tuple[int, int]]) -> np.ndarray:
    start, elements = raw[tensor.storage.key]
    flat = np.frombuffer(content, tensor.storage.dtype, elements, start)
    last = sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride, strict=True))
    if tensor.offset < 0 or min(tensor.stride, default=0) < 0 or tensor.offset + last >= elements:
        raise InputError("The checkpoint is damaged (a tensor leaves its storage): fetch it again.")
    steps = [step * flat.itemsize for step in tensor.stride]
    return np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, steps).copy()


def _walk(stream: io.BytesIO) -> Any:
    """Return the value of one pickle of numbers, text, containers and permitted names."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for opcode, argument, _ in pickletools.genops(stream):
        match opcode.name:
            case "PROTO":
                pass
            case "STOP":
                return stack.pop()
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE":
                stack.append(argument)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(opcode.name == "NEWTRUE")
            case "NONE":
                stack.append(None)
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_TUPLE":
                stack.append(())
            case "MARK":
                stack.append(_MARK)
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "TUPLE1" | "TUPLE2":
                count = int(opcode.name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "TUPLE":
                stack.append(tuple(_since_mark(stack)))
            case "APPENDS":
                values = _since_mark(stack)
                stack[-1].extend(values)
            case "APPEND":
                value = stack.pop()
                stack[-1].append(value)
            case "SETITEMS":
                pairs = _since_mark(stack)
                stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                stack[-1][key] = value
            case "GLOBAL":
                if argument not in PERMITTED:
                    raise InputError(f"The checkpoint names {argument}, which is not permitted.")
                stack.append(_Name(argument))
            case "BINPERSID":
                stack.append(_storage(stack.pop()))
            case "REDUCE":
                arguments, name = stack.pop(), stack.pop()
                stack.append(_reduce(name, arguments))
            case "BUILD":
                stack.pop()  # the version numbers of the state dict, which are not needed
            case other:
                raise InputError(
                    f"The checkpoint holds the opcode {other}, which is not permitted."
                )
    raise InputError("The checkpoint ends too early: fetch it again.")


def _since_mark(stack: list) -> list:
    place = max(i for i, value in enumerate(stack) if value is _MARK)
    values = stack[place + 1 :]
    del stack[place:]
    return values


def _storage(reference: tuple) -> _Storage:
    kind, name, key, _, elements, *_ = reference
    if kind != "storage" or name.text not in DTYPES:
        raise InputError(f"The checkpoint refers to {kind!r}, which is not permitted.")
    return _Storage(key, DTYPES[name.text], elements)


def _reduce(name: _Name, arguments: tuple) -> Any:
    if name == _Name("collections OrderedDict") and arguments == ():
        return {}
    if name == _Name("torch._utils _rebuild_tensor_v2"):
        storage, offset, shape, stride, *_ = arguments
        return _Tensor(storage, offset, shape, stride)
    raise InputError("The checkpoint calls something, which is not permitted.")
