"""The pickles inside PyTorch's checkpoints, read without PyTorch and without unpickling.

A pickle is read opcode by opcode. The names that tensors need are permitted; nothing is imported
or called, and any other name or opcode is refused.
"""

from __future__ import annotations

import io
import pickletools
from typing import Any, NamedTuple

import numpy as np

from tf_happywhale.errors import InputError

KINDS = {
    "Float": "<f4", "Double": "<f8", "Half": "<f2", "Long": "<i8", "Int": "<i4", "Byte": "u1",
    "Bool": "?",
}  # fmt: skip
DTYPES = {f"torch {kind}Storage": np.dtype(code) for kind, code in KINDS.items()}
PERMITTED = {
    "collections OrderedDict",
    "torch Size",
    "torch._utils _rebuild_parameter",
    "torch._utils _rebuild_tensor_v2",
    *DTYPES,
}
# Of NumPy's arrays: trainings keep the states of random generators. They are passed over, so that a
# tensor which is stored as such an array is missing.
PASSED_OVER = {
    "_codecs encode",
    "numpy dtype",
    "numpy ndarray",
    "numpy.core.multiarray _reconstruct",
    "numpy._core.multiarray _reconstruct",
}
_MARK = object()


class _Name(NamedTuple):
    """A permitted global. It is compared, and never called."""

    text: str


class Storage(NamedTuple):
    """The numbers that one or several tensors are views of."""

    key: str
    dtype: np.dtype
    elements: int


class Tensor(NamedTuple):
    """A view of a storage, in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def array_of(tensor: Tensor, flat: np.ndarray) -> np.ndarray:
    """Return a tensor as an array of its own.

    Args:
        tensor: from a state dict that `walk` returned.
        flat: the numbers of its storage, [elements].

    Raises:
        InputError: it reaches out of its storage.
    """
    last = sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride, strict=True))
    outside = tensor.offset < 0 or tensor.offset + last >= len(flat)
    if outside or min(tensor.stride, default=0) < 0:
        raise InputError("The checkpoint is damaged (a tensor leaves its storage): fetch it again.")
    steps = [step * flat.itemsize for step in tensor.stride]
    return np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, steps).copy()


def walk(stream: io.BytesIO) -> Any:
    """Return the value of one pickle of numbers, text, containers and permitted names."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for opcode, argument, _ in pickletools.genops(stream):
        match opcode.name:
            case "PROTO":
                pass
            case "STOP":
                return stack.pop()
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT" | "BINUNICODE":
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
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
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
                if argument not in PERMITTED | PASSED_OVER:
                    raise _refused(f"names {argument}")
                stack.append(_Name(argument))
            case "BINPERSID":
                stack.append(_storage(stack.pop()))
            case "REDUCE":
                arguments, name = stack.pop(), stack.pop()
                stack.append(_reduce(name, arguments))
            case "BUILD":
                stack.pop()  # version numbers of the state dict, or what an array holds
            case other:
                raise _refused(f"holds the opcode {other}")
    raise InputError("The checkpoint ends too early: fetch it again.")


def _since_mark(stack: list) -> list:
    place = max(i for i, value in enumerate(stack) if value is _MARK)
    values = stack[place + 1 :]
    del stack[place:]
    return values


def _storage(reference: tuple) -> Storage:
    kind, name, key, _, elements, *_ = reference
    if kind != "storage" or name.text not in DTYPES:
        raise _refused(f"refers to {kind!r}")
    return Storage(key, DTYPES[name.text], elements)


def _reduce(name: _Name, arguments: tuple) -> Any:
    if name == _Name("collections OrderedDict") and arguments == ():
        return {}
    if name == _Name("torch._utils _rebuild_tensor_v2"):
        storage, offset, shape, stride, *_ = arguments
        return Tensor(storage, offset, shape, stride)
    if name == _Name("torch._utils _rebuild_parameter") and isinstance(arguments[0], Tensor):
        return arguments[0]
    if name == _Name("torch Size"):
        return arguments[0]
    if isinstance(name, _Name) and name.text in PASSED_OVER:
        return None
    raise _refused("calls something")


def _refused(does: str) -> InputError:
    return InputError(
        f"The checkpoint {does}, which is not permitted since it could run code: take the file "
        "from where it was published."
    )
