from __future__ import annotations

import io
import struct
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.pictures.test_pixels import quarters
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.photographs.heic_file import is_heic
from tf_happywhale.detection.letterbox import letterbox
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.jpeg_region import picture_size, read_crops
from tf_happywhale.pictures.pixels import decode, encode_jpeg, read_picture, read_small

pillow_heif = pytest.importorskip("pillow_heif")
Image = pytest.importorskip("PIL.Image")


def heic(picture: np.ndarray, orientation: int = 1) -> bytes:
    """As a telephone writes it: turned by HEIC's own way, EXIF saying the same once more."""
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "HEIF", quality=95, exif=exif.tobytes())
    return buffer.getvalue()


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.abs(one.astype(int) - other).mean() < 8)


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_heic_is_read_upright_and_turned_once(orientation: int, turns: int) -> None:
    encoded = heic(quarters(96, 160), orientation)
    upright = np.rot90(quarters(96, 160), turns)
    assert is_heic(encoded)
    assert alike(decode(encoded), upright)
    assert picture_size(encoded) == (upright.shape[1], upright.shape[0])
    assert alike(read_crops(encoded, [None], 64)[0], cv2.resize(upright, (64, 64)))
    assert alike(read_crops(encoded, [None], 64, boxes_upright=False)[0],
                 cv2.resize(upright, (64, 64)))  # fmt: skip


def test_grey_and_transparent_heic_become_rgb() -> None:
    grey = decode(heic(np.full((64, 64), 90, np.uint8)))
    assert alike(grey, np.full((64, 64, 3), 90))
    clear = np.full((64, 64, 4), (10, 120, 200, 255), np.uint8)
    assert alike(decode(heic(clear)), clear[:, :, :3])


def test_every_reader_takes_heic_also_under_a_jpegs_name(tmp_path: Path) -> None:
    picture = quarters(96, 160)
    for name in ("a.heic", "b.jpg"):
        (tmp_path / name).write_bytes(heic(picture))
        assert alike(read_picture(tmp_path / name), picture)
        assert alike(read_small(tmp_path / name, Box(80, 0, 160, 48), 64), picture[:48, 80:])
        square = letterbox(tmp_path / name, 64)
        assert (square.width, square.height) == (160, 96)
    assert alike(decode(heic(picture), reduction=2), quarters(48, 80))


def test_a_jpeg_called_heic_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(encode_jpeg(quarters(32, 32), 95))
    assert alike(read_picture(tmp_path / "a.heic"), quarters(32, 32))


def test_cut_off_heic_and_one_without_a_reader_are_one_sentence(monkeypatch) -> None:
    encoded = heic(quarters(96, 160))
    with pytest.raises(InputError, match=r"a\.heic cannot be read as HEIC \(.*copy it again"):
        decode(encoded[: len(encoded) * 2 // 3], "a.heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputError, match=r"a\.jpg is HEIC, which needs pillow-heif: pip install"):
        decode(encoded, "a.jpg")


def test_films_and_avif_are_not_heic() -> None:
    def start(major: bytes, *others: bytes) -> bytes:
        return (
            struct.pack(">I", 16 + 4 * len(others)) + b"ftyp" + major + bytes(4) + b"".join(others)
        )

    assert is_heic(start(b"mif1", b"heic"))
    assert is_heic(start(b"heic"))
    assert not is_heic(start(b"avif", b"mif1"))
    assert not is_heic(start(b"mif1", b"avif"))
    assert not is_heic(start(b"isom", b"mp42"))
    assert not is_heic(start(b"crx ", b"isom"))
    assert not is_heic(b"")
