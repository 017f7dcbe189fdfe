"""The streams here are put together opcode by opcode, without PyTorch and without pickle."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.torch_stream import parse_torch_stream, read_torch_stream

PROTO, STOP = b"\x80\x02", b"."
MAGIC = b"\x8a\x0a" + (0x1950A86A20F9469CFC6C).to_bytes(10, "little")
FLOAT, LONG = b"ctorch\nFloatStorage\n", b"ctorch\nLongStorage\n"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
ORDERED = b"ccollections\nOrderedDict\n)R"


def number(value: int) -> bytes:
    return b"J" + value.to_bytes(4, "little", signed=True)


def text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + len(encoded).to_bytes(4, "little") + encoded


def several(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def pickled(body: bytes) -> bytes:
    return PROTO + body + STOP


def tensor(key: str, elements: int, offset: int, shape, stride, kind: bytes = FLOAT) -> bytes:
    storage = several(text("storage"), kind, text(key), text("cpu"), number(elements), b"N") + b"Q"
    sizes, steps = several(*map(number, shape)), several(*map(number, stride))
    return REBUILD + several(storage, number(offset), sizes, steps, b"\x89", ORDERED) + b"R"


def state(tensors: dict[str, bytes]) -> bytes:
    items = b"".join(text(name) + value for name, value in tensors.items())
    return ORDERED + b"(" + items + b"u" + b"}" + text("version") + number(1) + b"sb"


def raw(array: np.ndarray) -> bytes:
    return array.size.to_bytes(8, "little") + array.tobytes()


FLOATS = np.arange(12, dtype="<f4") / 2
LONGS = np.array([3, -(2**40), 7], "<i8")
TENSORS = {
    "plain": tensor("0", 12, 0, (3, 4), (4, 1)),
    "turned": tensor("0", 12, 0, (4, 3), (1, 4)),
    "part": tensor("0", 12, 5, (2, 2), (4, 1)),
    "scalar": tensor("0", 12, 7, (), ()),
    "counts": tensor("1", 3, 0, (3,), (1,), LONG),
}


def stream(tensors: dict[str, bytes] = TENSORS, **parts: bytes) -> bytes:
    """A whole file, with some of its five pickles put in place of the right ones."""
    right = {
        "magic": MAGIC,
        "protocol": number(1001),
        "machine": b"}" + text("little_endian") + b"\x88s",
        "body": state(tensors),
        "keys": b"](" + text("0") + text("1") + b"e",
    }
    return b"".join(map(pickled, (right | parts).values())) + raw(FLOATS) + raw(LONGS)


def test_tensors_come_out_with_their_shapes_strides_and_offsets():
    found = parse_torch_stream(stream())
    assert list(found) == list(TENSORS)
    grid = FLOATS.reshape(3, 4)
    np.testing.assert_array_equal(found["plain"], grid)
    np.testing.assert_array_equal(found["turned"], grid.T)
    np.testing.assert_array_equal(found["part"], [[2.5, 3.0], [4.5, 5.0]])
    assert found["scalar"].shape == ()
    assert found["scalar"] == 3.5
    np.testing.assert_array_equal(found["counts"], LONGS)
    assert {array.dtype.str for array in found.values()} == {"<f4", "<i8"}


def test_tensors_of_one_storage_do_not_share_memory():
    found = parse_torch_stream(stream())
    found["plain"][:] = -1
    np.testing.assert_array_equal(found["turned"], FLOATS.reshape(3, 4).T)


def test_memoised_values_are_found_again():
    once = tensor("0", 12, 0, (3, 4), (4, 1)).replace(text("0"), text("0") + b"q\x05", 1)
    again = tensor("0", 12, 4, (4,), (1,)).replace(text("0"), b"h\x05", 1)
    tensors = {"once": once, "again": again, "counts": TENSORS["counts"]}
    found = parse_torch_stream(stream(tensors=tensors))
    np.testing.assert_array_equal(found["again"], FLOATS[4:8])


@pytest.mark.parametrize("place", ["magic", "protocol", "machine", "body", "keys"])
@pytest.mark.parametrize(
    ("harmful", "said"),
    [
        (b"cos\nsystem\n" + text("true") + b"\x85R", "names os system, which is not permitted"),
        (b"cbuiltins\neval\n", "names builtins eval, which is not permitted"),
        (b"ctorch\nComplexFloatStorage\n", "names torch ComplexFloatStorage"),
        (b"ctorch._utils\n_rebuild_parameter\n" + text("x") + b"\x85R", "calls something"),
        (b"(ios\nsystem\n", "opcode INST"),
        (text("os") + text("system") + b"\x93", "opcode STACK_GLOBAL"),
        (b"ccollections\nOrderedDict\n)\x81", "opcode NEWOBJ"),
        (b"(ccollections\nOrderedDict\no", "opcode OBJ"),
        (b"\x82\x01", "opcode EXT1"),
        (b"Pname\n", "opcode PERSID"),
        (b"C\x01x", "opcode SHORT_BINBYTES"),
        (FLOAT + b")R", "calls something"),
        (ORDERED[:-2] + text("x") + b"\x85R", "calls something"),
        (several(text("module"), FLOAT, text("0"), b"N", number(1), b"N") + b"Q", "'module'"),
    ],
)
def test_anything_but_plain_tensors_is_refused(place, harmful, said):
    with pytest.raises(InputError, match=said):
        parse_torch_stream(stream(**{place: harmful}))


def test_nothing_is_called_on_the_way(monkeypatch):
    import os

    called = []
    monkeypatch.setattr(os, "system", called.append)
    with pytest.raises(InputError):
        parse_torch_stream(stream(machine=b"cos\nsystem\n" + text("true") + b"\x85R"))
    assert called == []


def test_every_truncation_is_refused():
    whole = stream()
    for length in range(len(whole)):
        with pytest.raises(InputError):
            parse_torch_stream(whole[:length])


@pytest.mark.parametrize(
    "bad",
    [
        tensor("0", 12, 1, (3, 4), (4, 1)),
        tensor("0", 12, 0, (4, 4), (4, 1)),
        tensor("0", 12, 0, (3, 4), (5, 1)),
        tensor("0", 12, 12, (1,), (1,)),
        tensor("0", 12, -1, (2,), (1,)),
        tensor("0", 12, 11, (3,), (-1,)),
        tensor("0", 12, 12, (), ()),
    ],
)
def test_a_tensor_that_leaves_its_storage_is_refused(bad):
    with pytest.raises(InputError, match="leaves its storage"):
        parse_torch_stream(stream(tensors={"bad": bad, "counts": TENSORS["counts"]}))


def test_a_storage_that_nobody_wrote_is_refused():
    bad = {**TENSORS, "bad": tensor("9", 12, 0, (3,), (1,))}
    with pytest.raises(InputError, match="damaged"):
        parse_torch_stream(stream(tensors=bad))


@pytest.mark.parametrize("change", [{"magic": number(7)}, {"protocol": number(1000)}])
def test_other_formats_are_refused(change):
    with pytest.raises(InputError, match=r"not a PyTorch checkpoint of the format before 1\.6"):
        parse_torch_stream(stream(**change))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a newer checkpoint", bytes(100)])
def test_other_files_are_refused(content):
    with pytest.raises(InputError):
        parse_torch_stream(content)


def test_only_the_file_of_the_expected_hash_is_read(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(stream())
    right = hashlib.sha256(stream()).hexdigest()
    np.testing.assert_array_equal(read_torch_stream(path, right)["counts"], LONGS)
    path.write_bytes(stream() + b"\0")
    with pytest.raises(InputError, match=r"weights\.pth is not the expected file \(SHA-256"):
        read_torch_stream(path, right)
