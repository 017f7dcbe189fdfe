from __future__ import annotations

import base64
import re

import cv2
import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.review.thumbnails import (
    Thumbnails,
    data_uri,
    encode_thumbnail,
    thumbnail_name,
)


def decode(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]


def test_longer_side_is_at_most_the_thumbnails_and_colours_stay() -> None:
    picture = np.zeros((100, 400, 3), np.uint8)
    picture[:] = (200, 30, 60)
    small = decode(encode_thumbnail(picture, 80))
    assert small.shape == (20, 80, 3)
    assert np.abs(small.reshape(-1, 3).mean(0) - (200, 30, 60)).max() < 4


def test_small_picture_is_not_enlarged_and_a_sliver_keeps_one_pixel() -> None:
    assert decode(encode_thumbnail(np.zeros((5, 9, 3), np.uint8), 80)).shape == (5, 9, 3)
    assert decode(encode_thumbnail(np.zeros((1, 900, 3), np.uint8), 90)).shape == (1, 90, 3)


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(InputError, match="uint8"):
        encode_thumbnail(picture, 32)


def test_names_are_safe_and_differ_by_kind_and_image() -> None:
    hostile = "../../<img src=x onerror=alert(1)>.jpg"
    names = {thumbnail_name("query", hostile), thumbnail_name("reference", hostile)}
    names |= {thumbnail_name("query", "a.jpg")}
    assert len(names) == 3
    assert all(re.fullmatch(r"[0-9a-f]{20}\.jpg", name) for name in names)


def test_each_picture_is_read_once_and_failures_are_remembered(tmp_path) -> None:
    asked: list[str] = []

    def read(image: str) -> np.ndarray:
        asked.append(image)
        if image == "gone.jpg":
            raise InputError("It is gone.")
        return np.zeros((8, 8, 3), np.uint8)

    thumbnails = Thumbnails(tmp_path / "thumbnails", 32)
    thumbnails.draw_all("query", ["a.jpg", "gone.jpg"], read)
    name, reason = thumbnails.drawn("query", "a.jpg")
    assert reason == "" and (tmp_path / "thumbnails" / name).stat().st_size > 0
    assert thumbnails.drawn("query", "gone.jpg") == ("", "It is gone.")
    assert sorted(asked) == ["a.jpg", "gone.jpg"]
    uri = data_uri(tmp_path / "thumbnails" / name)
    assert decode(base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"))).shape == (8, 8, 3)
