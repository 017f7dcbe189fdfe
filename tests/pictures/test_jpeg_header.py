from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from tf_happywhale.pictures.jpeg_header import JpegHeader, is_cut_off, read_jpeg_header
from tf_happywhale.pictures.pixels import encode_jpeg

PICTURE = np.random.default_rng(1).integers(0, 256, (24, 40, 3), dtype=np.uint8)


def with_exif(jpeg: bytes, orientation: int, order: str = "<", tag: int = 0x0112) -> bytes:
    """The same JPEG with an EXIF block of two tags, of which one is the orientation."""
    other = struct.pack(order + "HHII", 0x010F, 4, 1, 7)
    entry = struct.pack(order + "HHIHH", tag, 3, 1, orientation, 0)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tiff = mark + struct.pack(order + "IH", 8, 2) + other + entry + struct.pack(order + "I", 0)
    exif = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


@pytest.mark.parametrize("progressive", [0, 1])
@pytest.mark.parametrize("components", [1, 3])
def test_size_and_components_are_read(progressive: int, components: int) -> None:
    stored = PICTURE if components == 3 else PICTURE[..., 0]
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
    jpeg = cv2.imencode(".jpg", stored, options)[1].tobytes()
    assert read_jpeg_header(jpeg) == JpegHeader(40, 24, components, 1)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read_in_either_byte_order(order: str, orientation: int) -> None:
    jpeg = with_exif(encode_jpeg(PICTURE, 90), orientation, order)
    assert read_jpeg_header(jpeg).orientation == orientation


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_is_upright(orientation: int) -> None:
    jpeg = with_exif(encode_jpeg(PICTURE, 90), orientation)
    assert read_jpeg_header(jpeg).orientation == 1


def test_a_broken_exif_block_is_upright() -> None:
    whole = with_exif(encode_jpeg(PICTURE, 90), 6)
    broken = whole.replace(b"II*\0\x08\0\0\0", b"II*\0\xf0\xff\0\0")
    assert read_jpeg_header(broken) == JpegHeader(40, 24, 3, 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xd8", b"\xff\xd8\xff", b"no picture", b"\xff\xd8\xff\xe0" + bytes(20)],
)
def test_what_is_no_jpeg_has_no_header(content: bytes) -> None:
    assert read_jpeg_header(content) is None
    png = cv2.imencode(".png", PICTURE)[1].tobytes()
    assert read_jpeg_header(png) is None


def test_a_file_that_ends_early_has_a_header_or_none_but_never_a_crash() -> None:
    jpeg = with_exif(encode_jpeg(PICTURE, 90), 6)
    for length in range(0, len(jpeg), 7):
        assert read_jpeg_header(jpeg[:length]) in (None, JpegHeader(40, 24, 3, 6))


def test_a_cut_off_file_is_told_from_one_with_more_behind_it() -> None:
    jpeg = encode_jpeg(PICTURE, 90)
    thumbnail = b"\xff\xe1" + struct.pack(">H", len(jpeg) + 2) + jpeg  # has an end mark of its own
    inside = jpeg[:2] + thumbnail + jpeg[2:]
    for whole in (jpeg, inside):
        assert not is_cut_off(whole)
        assert not is_cut_off(whole + b"camera maker's own data")
        assert not is_cut_off(whole + jpeg[: len(jpeg) // 2])  # a preview, cut off itself
        assert is_cut_off(whole[:-2])
        assert is_cut_off(whole[: len(whole) - len(jpeg) // 3])
    assert not is_cut_off(b"no picture")
