from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.catalogue.boxes.box import Box, RelativeBox
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.box_fit import misfit, misfits


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        (Box(0, 0, 300, 200), ""),
        (Box(-20, 10, 90, 190), ""),
        (Box(300, 0, 400, 100), "outside"),
        (Box(0, 0, 1200, 800), "beyond"),
        (Box(280, 10, 600, 100), "beyond"),
        (RelativeBox(0.1, 0.1, 0.9, 0.9), ""),
        (RelativeBox(1.0, 0.1, 1.1, 0.9), "outside"),
        (RelativeBox(0.1, 0.1, 0.9, 0.9, drawn_on=(1500, 1000)), ""),
        (RelativeBox(0.1, 0.1, 0.9, 0.9, drawn_on=(640, 640)), "shape"),
        (RelativeBox(0.1, 0.1, 0.9, 0.9, drawn_on=(1000, 1500)), "turned"),
    ],
)
def test_a_box_fits_or_it_is_said_how_it_does_not(box, kind: str) -> None:
    assert misfit(box, 300, 200) == kind


@given(st.integers(1, 4000), st.integers(1, 4000), st.data())
def test_a_box_inside_its_picture_always_fits(width: int, height: int, data) -> None:
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right = data.draw(st.integers(left + 1, width))
    low = data.draw(st.integers(top + 1, height))
    assert misfit(Box(left, top, right, low), width, height) == ""
    shares = RelativeBox(left / width, top / height, right / width, low / height)
    assert misfit(shares, width, height) == ""


def test_misfits_are_counted_with_the_first_and_the_likely_reason(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((200, 300, 3), np.uint8))
    (tmp_path / "c.jpg").write_bytes(b"no picture")
    boxes = [
        ("a.jpg", Box(0, 0, 30, 20)), ("a.jpg", Box(700, 500, 900, 600)),
        ("b.png", Box(310, 0, 400, 20)), ("c.jpg", Box(0, 0, 3, 3)),
        ("b.png", RelativeBox(0, 0, 1, 1, drawn_on=(640, 640))),
    ]  # fmt: skip
    outside, shape = misfits((name, tmp_path / name, box) for name, box in boxes)
    assert outside == (
        "2 of 4 boxes lie outside their picture, and the whole picture is used: the first is of "
        "a.jpg, which is 300 by 200. Were they drawn on another size?"
    )
    assert shape.startswith("1 of 4 boxes were drawn on a picture of another shape")
    assert "drawn on at 640 by 640" in shape
    turned = RelativeBox(0, 0, 0.5, 0.5, drawn_on=(400, 600))
    with pytest.raises(InputError, match=r"of a\.jpg was drawn on a picture of 400 by 600, but"):
        misfits([("a.jpg", tmp_path / "a.jpg", turned)])
