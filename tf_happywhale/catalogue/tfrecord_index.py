"""What TFRecord files hold beside their pictures, read without TensorFlow and without the pictures.

A shard is mapped into memory and walked through by its lengths, so that of a file of a gigabyte
some kilobytes are read. The formats are TensorFlow's: records framed by length and checksums, each
a `tf.train.Example` in protocol buffers' wire format.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

from tf_happywhale.errors import InputError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
FEATURES, FEATURE, KEY, VALUE = 1, 1, 1, 2  # field numbers of Example, Features and its map
BYTES_LIST, INT64_LIST = 1, 3  # field numbers of Feature


def read_features(path: Path, names: tuple[str, ...]) -> Iterator[dict[str, bytes | list[int]]]:
    """Of each example in a file, those of the named features that it has.

    A feature of bytes comes as its first value, one of integers as a list.

    Raises:
        InputError: the file is no TFRecord file, or cut off.
    """
    wanted = {name.encode(): name for name in names}
    with path.open("rb") as file:
        if not file.seek(0, 2):
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                for start, end in _records(data):
                    yield dict(_features(data, start, end, wanted))
            except (IndexError, TypeError, struct.error):
                raise InputError(
                    f"{path} is damaged, or no TFRecord file: delete it, and write or download it "
                    "again."
                ) from None


def _records(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Where each record starts and ends."""
    place = 0
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        start = place + 12  # after the length and its checksum
        place = start + length + 4
        if place > len(data):
            raise IndexError
        yield start, start + length


def _features(
    data: mmap.mmap, start: int, end: int, wanted: dict[bytes, str]
) -> Iterator[tuple[str, bytes | list[int]]]:
    for number, features in _fields(data, start, end):
        if number != FEATURES:
            continue
        for number, entry in _fields(data, *features):
            if number != FEATURE:
                continue
            parts = dict(_fields(data, *entry))
            name = wanted.get(data[slice(*parts[KEY])]) if KEY in parts else None
            if name and VALUE in parts:
                yield from ((name, value) for value in _values(data, *parts[VALUE]))


def _values(data: mmap.mmap, start: int, end: int) -> Iterator[bytes | list[int]]:
    """The content of a Feature, if it is of bytes or integers and not empty."""
    for number, content in _fields(data, start, end):
        values = [value for _, value in _fields(data, *content)]
        if number == BYTES_LIST and values:
            yield data[slice(*values[0])]
        elif number == INT64_LIST and values:
            yield [value for part in values for value in _integers(data, part)]


def _integers(data: mmap.mmap, part: tuple[int, int] | int) -> Iterator[int]:
    """One integer, or a packed list of them; 64 bits with a sign."""
    if isinstance(part, int):
        yield part - (1 << 64) if part >= 1 << 63 else part
        return
    place, end = part
    while place < end:
        value, place = _varint(data, place)
        yield value - (1 << 64) if value >= 1 << 63 else value


def _fields(data: mmap.mmap, place: int, end: int) -> Iterator[tuple[int, tuple[int, int] | int]]:
    """Number and content of each field of a message: an integer, or where its bytes lie."""
    while place < end:
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, place = _varint(data, place)
            yield number, value
        elif kind == BYTES:
            length, place = _varint(data, place)
            if place + length > end:
                raise IndexError
            yield number, (place, place + length)
            place += length
        elif kind in (FIXED64, FIXED32):
            place += 8 if kind == FIXED64 else 4
        else:
            raise IndexError


def _varint(data: mmap.mmap, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise IndexError
