"""Crops that keep their shape."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.longer_side import read_longer_side, widened


def jpeg(width: int, height: int) -> bytes:
    """A picture that is red on the left, and the greener the lower."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2, 2] = 200
    picture[..., 1] = np.linspace(0, 200, height)[:, None]
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()


@pytest.mark.parametrize(
    ("box", "size"),
    [
        (None, (256, 171)),  # 1200 × 800
        (Box(100, 100, 300, 600), (102, 256)),
        (Box(0, 0, 60, 30), (120, 60)),  # enlarged twice, not four times
        (Box(2000, 0, 3000, 30), (256, 171)),  # outside: the whole
        (Box(1000, 700, 1400, 900), (256, 128)),  # half outside: what is inside
    ],
)
def test_the_longer_side_is_as_asked_and_the_shape_stays(box, size) -> None:
    found = read_longer_side(jpeg(1200, 800), box, 256)
    assert found.shape == (size[1], size[0], 3) and found.dtype == np.uint8


def test_the_content_is_that_of_the_box() -> None:
    found = read_longer_side(jpeg(1600, 1200), Box(400, 600, 1200, 1200), 200)
    assert found.shape == (150, 200, 3)
    assert found[75, 80, 0] > 150 and found[75, 120, 0] < 50  # red ends in the middle
    green = found[:, 150, 1].astype(float)
    assert abs(green[0] - 100) < 6 and abs(green[-1] - 200) < 6


def test_a_jpeg_and_a_png_of_one_picture_are_alike() -> None:
    encoded = jpeg(900, 700)
    png = cv2.imencode(".png", cv2.imdecode(np.frombuffer(encoded, np.uint8), 1))[1].tobytes()
    box = Box(100, 50, 813, 650)
    one, other = (read_longer_side(bytes_, box, 300, 0.05) for bytes_ in (encoded, png))
    assert one.shape == other.shape
    assert np.abs(one.astype(int) - other).mean() < 2


def test_a_margin_widens_each_side() -> None:
    assert widened(Box(10, 20, 110, 60), 0.1) == Box(0, 16, 120, 64)
    assert widened(Box(0, 0, 10, 10), 0.25) == Box(-3, -3, 13, 13)
    assert widened(Box(3, 4, 5, 6), 0) == Box(3, 4, 5, 6)


def test_what_is_no_picture_is_named() -> None:
    with pytest.raises(InputError, match=r"IMG_1\.jpg"):
        read_longer_side(b"no picture", None, 100, name="IMG_1.jpg")
