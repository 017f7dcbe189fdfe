from __future__ import annotations

import base64
import random

import cv2
import numpy as np
import pytest

from tests.pictures.test_pixels import CMYK
from tf_happywhale.pictures.damage import complaint
from tf_happywhale.pictures.jpeg_header import is_cut_off


def photograph(seed: int, *options: int) -> bytes:
    """A JPEG with as much to code as a photograph has."""
    coarse = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), np.uint8)
    picture = cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92, *options])[1].tobytes()


WHOLE, OTHER = photograph(1), photograph(2)
HALF = len(WHOLE) // 2
KINDS = {
    "a stretch of zeros": WHOLE[:HALF] + bytes(2048) + WHOLE[HALF + 2048 :],
    "zeros to the end": WHOLE[:HALF] + bytes(len(WHOLE) - HALF - 2) + WHOLE[-2:],
    "a block is missing": WHOLE[:HALF] + WHOLE[HALF + 2048 :],
    "noise in between": WHOLE[:HALF] + random.Random(3).randbytes(2048) + WHOLE[HALF + 2048 :],
    "another photograph's end": WHOLE[:HALF] + OTHER[len(OTHER) // 2 :],
    "half, with an end mark": WHOLE[:HALF] + b"\xff\xd9",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_jpeg_with_an_end_mark_is_complained_of(kind: str) -> None:
    assert not is_cut_off(KINDS[kind])
    assert complaint(KINDS[kind]).startswith("Damaged: a part of the picture is missing or wrong (")


@pytest.mark.parametrize(
    "whole",
    [
        WHOLE,
        photograph(3, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        photograph(4, cv2.IMWRITE_JPEG_RST_INTERVAL, 8),
        CMYK,
        cv2.imencode(".jpg", np.zeros((9, 7), np.uint8))[1].tobytes(),
        WHOLE + bytes(1000),  # what lies behind the end does not count
        WHOLE + OTHER,
    ],
    ids=["plain", "progressive", "restarts", "CMYK", "grey", "with a tail", "two in one file"],
)
def test_a_whole_jpeg_is_not(whole: bytes) -> None:
    assert complaint(whole) == ""


def test_a_progressive_jpeg_and_one_with_restarts_are_looked_at_too() -> None:
    for option in (cv2.IMWRITE_JPEG_PROGRESSIVE, cv2.IMWRITE_JPEG_RST_INTERVAL):
        encoded = photograph(5, option, 1)
        half = len(encoded) // 2
        assert complaint(encoded[:half] + bytes(3000) + encoded[half + 3000 :])


def test_other_formats_and_no_pictures_have_no_complaint() -> None:
    png = cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes()
    for content in (b"", b"\xff\xd8\xff", png, base64.b64encode(WHOLE)):
        assert complaint(content) == ""
