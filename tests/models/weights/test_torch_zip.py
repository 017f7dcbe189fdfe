"""The archives here are put together by hand, without PyTorch and without pickle."""

from __future__ import annotations

import hashlib
import io
import zipfile

import numpy as np
import pytest

from tests.models.weights.test_torch_stream import (
    FLOATS,
    LONGS,
    ORDERED,
    TENSORS,
    number,
    pickled,
    several,
    state,
    tensor,
    text,
)
from tf_happywhale.errors import InputError
from tf_happywhale.models.weights.torch_zip import parse_torch_zip, read_torch_zip


def archive(body: bytes | None = None, **storages: bytes) -> bytes:
    """A whole file, with some of its parts put in place of the right ones."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("model/data.pkl", pickled(body or state(TENSORS)))
        file.writestr("model/data/0", storages.get("floats", FLOATS.tobytes()))
        file.writestr("model/data/1", LONGS.tobytes())
        file.writestr("model/version", b"3\n")
    return content.getvalue()


def test_tensors_come_out_with_their_shapes_strides_and_offsets():
    found = parse_torch_zip(archive())
    grid = FLOATS.reshape(3, 4)
    assert list(found) == list(TENSORS)
    np.testing.assert_array_equal(found["plain"], grid)
    np.testing.assert_array_equal(found["turned"], grid.T)
    np.testing.assert_array_equal(found["part"], [[2.5, 3.0], [4.5, 5.0]])
    np.testing.assert_array_equal(found["counts"], LONGS)
    assert found["scalar"] == 3.5


def test_a_tuple_of_three_is_read():
    three = number(2) + number(2) + number(3) + b"\x87"
    four = several(number(2), number(2), number(3))
    whole = tensor("0", 12, 0, (2, 2, 3), (6, 3, 1))
    assert four in whole
    found = parse_torch_zip(archive(state({"solid": whole.replace(four, three)})))
    np.testing.assert_array_equal(found["solid"], FLOATS.reshape(2, 2, 3))


@pytest.mark.parametrize(("kind", "code"), [("Half", "<f2"), ("Double", "<f8"), ("Int", "<i4")])
def test_other_numbers_are_read(kind, code):
    named = f"ctorch\n{kind}Storage\n".encode()
    values = np.array([3, -1, 7], code)
    body = state({"few": tensor("0", 3, 0, (3,), (1,), named)})
    found = parse_torch_zip(archive(body, floats=values.tobytes()))["few"]
    assert found.dtype.str == code
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("key", ["state_dict", "model"])
def test_the_state_dict_of_a_training_is_found_beside_other_things(key):
    size = b"ctorch\nSize\n" + several(number(3), number(4)) + b"\x85R"
    parameter = b"ctorch._utils\n_rebuild_parameter\n" + several(
        TENSORS["plain"], b"\x88", ORDERED
    )  # fmt: skip
    inner = state({"weight": parameter + b"R"})
    rate = b"G" + np.array(1e-3, ">f8").tobytes()
    body = b"}(" + text("rate") + rate + text("size") + size + text(key) + inner + b"u"
    found = parse_torch_zip(archive(body))
    assert list(found) == ["weight"]
    np.testing.assert_array_equal(found["weight"], FLOATS.reshape(3, 4))


def test_the_state_dict_is_taken_where_the_network_is_described_too():
    """As timm does."""
    named = b"}" + text("name") + text("swin") + b"s"
    body = b"}(" + text("model") + named + text("state_dict") + state(TENSORS) + b"u"
    assert list(parse_torch_zip(archive(body))) == list(TENSORS)


def numpy_array() -> bytes:
    """As NumPy pickles an array: an empty one, which BUILD then fills."""
    content = b"c_codecs\nencode\n" + several(text("b"), text("latin1")) + b"R"
    empty = b"cnumpy.core.multiarray\n_reconstruct\n" + several(
        b"cnumpy\nndarray\n", number(0) + b"\x85", content
    )
    kind = b"cnumpy\ndtype\n" + several(text("u4"), b"\x89", b"\x88") + b"R"
    return empty + b"R" + several(number(1), number(2) + b"\x85", kind, b"\x89", content) + b"b"


def test_a_tensor_that_is_stored_as_an_array_of_numpy_is_missing():
    found = parse_torch_zip(archive(state({**TENSORS, "plain": numpy_array()})))
    assert list(found) == [name for name in TENSORS if name != "plain"]


def test_the_states_of_random_generators_are_passed_over():
    states = b"}" + text("numpy") + several(text("MT19937"), numpy_array(), number(624)) + b"s"
    body = b"}(" + text("rng_states") + states + text("model") + state(TENSORS) + b"u"
    found = parse_torch_zip(archive(body))
    assert list(found) == list(TENSORS)
    np.testing.assert_array_equal(found["plain"], FLOATS.reshape(3, 4))
    with pytest.raises(InputError, match="names numpy load, which is not permitted"):
        parse_torch_zip(archive(body.replace(b"cnumpy\nndarray", b"cnumpy\nload")))


def test_anything_but_plain_tensors_is_refused():
    harmful = b"cos\nsystem\n" + text("true") + b"\x85R"
    with pytest.raises(InputError, match="names os system, which is not permitted"):
        parse_torch_zip(archive(harmful))
    for called in (ORDERED[:-2] + text("x") + b"\x85R", numpy_array() + text("x") + b"\x85R"):
        with pytest.raises(InputError, match="calls something"):
            parse_torch_zip(archive(called))


def test_a_storage_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="leaves its storage"):
        parse_torch_zip(archive(floats=FLOATS[:8].tobytes()))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", bytes(100), archive()[:-30]])
def test_other_files_are_refused(content):
    with pytest.raises(InputError):
        parse_torch_zip(content)


def test_only_the_file_of_the_expected_hash_is_read(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(archive())
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    np.testing.assert_array_equal(read_torch_zip(path, right)["counts"], LONGS)
    with pytest.raises(InputError, match=r"weights\.pth is not the expected file \(SHA-256"):
        read_torch_zip(path, "0" * 64)
