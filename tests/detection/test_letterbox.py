from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from tf_happywhale.detection.detections import Detection
from tf_happywhale.detection.letterbox import GREY, letterbox, read_photograph, square_side
from tf_happywhale.errors import InputError


def scene(width: int, height: int) -> np.ndarray:
    """RGB, red in its left upper quarter, blue elsewhere."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 2] = 200
    picture[: height // 2, : width // 2] = (200, 0, 0)
    return picture


def save(path: Path, picture: np.ndarray, orientation: int = 0) -> Path:
    encoded = cv2.imencode(path.suffix, picture[..., ::-1])[1].tobytes()
    if orientation:
        tiff = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
        exif = b"Exif\0\0" + tiff + b"\0\0\0\0"
        segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
        encoded = encoded[:2] + segment + encoded[2:]
    path.write_bytes(encoded)
    return path


def test_a_wide_photograph_lies_in_the_middle_between_grey(tmp_path: Path) -> None:
    box = letterbox(save(tmp_path / "a.png", scene(200, 100)), 64)
    assert (box.width, box.height, box.inside) == (200, 100, (0, 16, 64, 48))
    assert (box.picture[:16] == GREY).all()
    assert (box.picture[48:] == GREY).all()
    assert box.picture[20, 10].tolist() == [200, 0, 0]
    assert box.picture[40, 10].tolist() == [0, 0, 200]


def test_boxes_find_their_way_back_and_are_cut_to_the_photograph(tmp_path: Path) -> None:
    box = letterbox(save(tmp_path / "a.png", scene(200, 100)), 64)
    assert box.back(Detection("fin", 0, 16, 32, 32, 0.5)).corners == (0, 0, 100, 50)
    assert box.back(Detection("fin", -9, 0, 70, 60, 0.5)).corners == (0, 0, 200, 100)
    assert box.back(Detection("fin", 0, 0, 64, 16, 0.5)) is None  # all of it on the grey


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_rotated_photograph_is_turned_upright_with_its_size(
    tmp_path: Path, orientation: int
) -> None:
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]
    stored = np.rot90(scene(200, 100), turns)  # a viewer turns it back
    picture, width, height = read_photograph(save(tmp_path / "a.jpg", stored, orientation), 1000)
    assert (width, height) == (200, 100)
    assert picture.shape == (100, 200, 3)
    assert picture[10, 10, 0] > 150 > picture[10, 190, 0]


def test_a_large_jpeg_is_read_smaller_but_keeps_its_size(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", scene(1201, 800))
    picture, width, height = read_photograph(path, 300)
    assert (width, height) == (1201, 800)
    assert picture.shape == (200, 300, 3)
    box = letterbox(path, 320)
    assert box.back(Detection("fin", 160, 53, 320, 267, 1)).xmin == pytest.approx(600.5)
    assert box.back(Detection("fin", 160, 53, 320, 267, 1)).xmax == 1201


def test_grey_tiny_and_narrow_pictures_are_pictures(tmp_path: Path) -> None:
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.full((30, 40), 77, np.uint8))
    assert letterbox(grey, 64).picture[32, 32].tolist() == [77, 77, 77]
    assert letterbox(save(tmp_path / "tiny.png", scene(1, 1)), 64).inside == (0, 0, 64, 64)
    narrow = letterbox(save(tmp_path / "narrow.png", scene(3000, 2)), 64)
    assert (narrow.width, narrow.height) == (3000, 2)
    assert narrow.inside == (0, 31, 64, 32)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0\0\x10JFIF\0"])
def test_a_file_that_is_not_a_picture_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.jpg"):
        letterbox(path, 64)
    with pytest.raises(InputError, match="is gone"):
        letterbox(tmp_path / "nowhere.jpg", 64)


def test_the_side_is_one_that_networks_divide() -> None:
    assert [square_side(size) for size in (64, 65, 640, 1280, 1000)] == [64, 128, 640, 1280, 1024]
