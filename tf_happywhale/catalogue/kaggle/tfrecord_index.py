"""The features of TFRecord files except the pictures, read without TensorFlow.

A file is mapped into memory, and its lengths say where the next record begins, so only some
kilobytes of a gigabyte are read. A compressed file is read from its beginning to its end. The
formats are TensorFlow's: records framed by length and checksums, each a `tf.train.Example` in the
wire format of protocol buffers.
"""

from __future__ import annotations

import io
import mmap
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from pathlib import Path

from tf_happywhale.errors import InputError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
FEATURES, FEATURE, KEY, VALUE = 1, 1, 1, 2  # field numbers of Example, Features and its map
BYTES_LIST, INT64_LIST = 1, 3  # field numbers of Feature
Bytes = mmap.mmap | bytes


def compression(path: Path) -> str:
    """TensorFlow's `compression_type` of a TFRecord file: empty (not compressed), GZIP or ZLIB.

    A file whose first twelve bytes are a record's length and its checksum is not compressed, since
    a compressed one would fit by chance once in four billion files.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if len(head) == 12 and _masked_crc(head[:8]) == struct.unpack_from("<I", head, 8)[0]:
        return ""
    if head[:3] == b"\x1f\x8b\x08":
        return "GZIP"
    if len(head) >= 2 and head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0:
        return "ZLIB"
    return ""


def read_features(path: Path, names: tuple[str, ...]) -> Iterator[dict[str, bytes | list[int]]]:
    """The named features of each example in a file, if it has them.

    The value of a feature of bytes is its first element; that of integers is a list.

    Raises:
        InputError: the file is not a TFRecord file, or is cut off.
    """
    wanted = {name.encode(): name for name in names}
    for data, start, end in _examples(path):
        with _explained(path):
            found = dict(_features(data, start, end, wanted))
        yield found


def feature_names(path: Path) -> list[str]:
    """The names of all features of a file's first example, sorted; see `read_features`."""
    for data, start, end in _examples(path):
        with _explained(path):
            return sorted(
                data[slice(*dict(_fields(data, *entry))[KEY])].decode("utf-8", "replace")
                for number, features in _fields(data, start, end)
                if number == FEATURES
                for number, entry in _fields(data, *features)
                if number == FEATURE
            )
    return []


def _examples(path: Path) -> Iterator[tuple[Bytes, int, int]]:
    """The bytes that hold each record, with its start and end. A compressed file is read from its
    beginning, one record at a time."""
    kind = compression(path)
    with path.open("rb") as file, _explained(path):
        if kind:
            stream = GzipFile(fileobj=file) if kind == "GZIP" else _Inflated(file)
            while head := stream.read(12):
                (length,) = struct.unpack_from("<Q", head)
                record = stream.read(length + 4)
                if len(record) < length + 4:
                    raise IndexError
                yield record, 0, length
        elif file.seek(0, 2):
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                for start, end in _records(data):
                    yield data, start, end


class _Inflated(io.RawIOBase):
    """A zlib stream as a file to read from."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file, self._zlib, self._ready = file, zlib.decompressobj(), b""

    def read(self, count: int) -> bytes:
        while len(self._ready) < count and (packed := self._file.read(1 << 20)):
            self._ready += self._zlib.decompress(packed)
        taken, self._ready = self._ready[:count], self._ready[count:]
        return taken


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the errors of a damaged file into one sentence."""
    try:
        yield
    except (IndexError, KeyError, TypeError, EOFError, struct.error, zlib.error, BadGzipFile):
        raise InputError(
            f"{path} is damaged, or it is not a TFRecord file: restore a copy of it, download it "
            "again, or write it again."
        ) from None


def _masked_crc(data: bytes) -> int:
    """TensorFlow's checksum of some bytes: CRC-32C, rotated and shifted by a constant."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


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
    data: Bytes, start: int, end: int, wanted: dict[bytes, str]
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


def _values(data: Bytes, start: int, end: int) -> Iterator[bytes | list[int]]:
    """The content of a Feature, if it is of bytes or integers and not empty."""
    for number, content in _fields(data, start, end):
        values = [value for _, value in _fields(data, *content)]
        if number == BYTES_LIST and values:
            yield data[slice(*values[0])]
        elif number == INT64_LIST and values:
            yield [value for part in values for value in _integers(data, part)]


def _integers(data: Bytes, part: tuple[int, int] | int) -> Iterator[int]:
    """One integer, or a packed list of them; 64 bits with a sign."""
    if isinstance(part, int):
        yield part - (1 << 64) if part >= 1 << 63 else part
        return
    place, end = part
    while place < end:
        value, place = _varint(data, place)
        yield value - (1 << 64) if value >= 1 << 63 else value


def _fields(data: Bytes, place: int, end: int) -> Iterator[tuple[int, tuple[int, int] | int]]:
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


def _varint(data: Bytes, place: int) -> tuple[int, int]:
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
