from __future__ import annotations

import base64
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.pixels import (
    crop,
    decode,
    encode_jpeg,
    read_picture,
)

# 8×8 pixels of RGB (200, 60, 20), stored as four-channel CMYK.
CMYK = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAW"
    "EBETFBUVFQwPFxgWFBgSFBUU/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAgJ/8QAFBAB"
    "AAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwBgCUm+qm//2Q=="
)
COLOURS = np.array(
    [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8
)  # red, green; blue, white


def png(picture: np.ndarray) -> bytes:
    stored = picture if picture.ndim == 2 else picture[..., [2, 1, 0, 3][: picture.shape[2]]]
    return cv2.imencode(".png", stored)[1].tobytes()


def quarters(height: int, width: int) -> np.ndarray:
    """Red, green, blue and white quarters."""
    return COLOURS.repeat(height // 2, axis=0).repeat(width // 2, axis=1)


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """The same JPEG with an EXIF orientation tag."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    return jpeg[:2] + segment + jpeg[2:]


def test_channels_are_red_green_blue() -> None:
    assert np.array_equal(decode(png(COLOURS)), COLOURS)


@pytest.mark.parametrize(
    ("orientation", "quarter_turns"),
    [(1, 0), (3, 2), (6, -1), (8, 1)],
)
def test_a_picture_rotated_by_exif_is_read_upright(orientation: int, quarter_turns: int) -> None:
    stored = quarters(16, 32)
    upright = np.rot90(stored, quarter_turns)  # counter-clockwise
    picture = decode(with_orientation(encode_jpeg(stored, 100), orientation))
    assert picture.shape == upright.shape
    assert np.abs(picture.astype(int) - upright).max() < 12


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        (np.full((4, 6), 77, np.uint8), (77, 77, 77)),
        (np.full((4, 6), 200 * 257, np.uint16), (200, 200, 200)),
        (np.full((4, 6, 3), (2570, 5140, 7710), np.uint16), (10, 20, 30)),
        (np.full((4, 6, 4), (10, 20, 30, 128), np.uint8), (10, 20, 30)),
    ],
    ids=["grey", "grey of 16 bits", "colour of 16 bits", "with transparency"],
)
def test_other_kinds_of_pictures_become_rgb_uint8(stored: np.ndarray, seen: tuple) -> None:
    picture = decode(png(stored))
    assert picture.dtype == np.uint8
    assert picture.shape == (4, 6, 3)
    assert (picture == seen).all()


def test_a_cmyk_jpeg_becomes_rgb() -> None:
    picture = decode(CMYK)
    assert picture.shape == (8, 8, 3)
    assert np.abs(picture.astype(int) - (200, 60, 20)).max() < 8


def test_the_content_decides_and_not_the_files_ending(tmp_path: Path) -> None:
    path = tmp_path / "é.jpg"
    path.write_bytes(png(COLOURS))
    assert np.array_equal(read_picture(path), COLOURS)


@pytest.mark.parametrize("content", [b"no picture", b"\xff\xd8\xff\xe0" + bytes(20)])
def test_a_file_that_is_no_picture_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.jpg cannot be read as a picture"):
        read_picture(tmp_path / "a.jpg")


def test_a_missing_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.jpg is gone"):
        read_picture(tmp_path / "a.jpg")


def test_a_crop_is_the_pixels_in_the_box_its_end_left_out() -> None:
    picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    assert np.array_equal(crop(picture, Box(1, 2, 5, 4)), picture[2:4, 1:5])
    assert np.array_equal(crop(picture, Box(-9, 1, 3, 99)), picture[1:, :3])


@pytest.mark.parametrize("box", [None, Box(6, 0, 9, 4), Box(0, -9, 6, 0)])
def test_without_a_box_in_the_picture_it_is_used_whole(box: Box | None) -> None:
    picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    assert np.array_equal(crop(picture, box), picture)


def test_jpegs_keep_the_colour_of_every_pixel() -> None:
    jpeg = encode_jpeg(quarters(8, 8), 95)
    start = next(n for n in range(len(jpeg)) if jpeg[n : n + 2] in (b"\xff\xc0", b"\xff\xc2"))
    components = jpeg[start + 10 : start + 19]
    assert list(components[1::3]) == [0x11, 0x11, 0x11]  # no channel is stored more coarsely
    thin = np.zeros((8, 8, 3), np.uint8)
    thin[:, ::2, 0] = 255  # columns of one pixel: 4:2:0 would mix them
    assert np.abs(decode(encode_jpeg(thin, 100)).astype(int) - thin).max() < 12


def test_quality_decides_the_bytes_and_the_same_picture_gives_the_same() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert encode_jpeg(picture, 95) == encode_jpeg(picture, 95)
    assert len(encode_jpeg(picture, 50)) < len(encode_jpeg(picture, 95))
