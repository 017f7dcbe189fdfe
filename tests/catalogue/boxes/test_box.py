from __future__ import annotations

import pytest

from tf_happywhale.catalogue.boxes.box import Box, RelativeBox


@pytest.mark.parametrize(
    ("shares", "inside"),
    [
        ((0.1, 0.25, 0.7, 0.75), Box(3, 5, 21, 15)),
        ((0.11, 0.26, 0.69, 0.74), Box(3, 5, 21, 15)),  # outwards
        ((-0.5, -0.5, 0.5, 2.0), Box(0, 0, 15, 20)),
        ((1.0, 0.0, 1.5, 1.0), None),
        ((0.5, 0.5, 0.5, 0.9), None),
    ],
)
def test_a_box_in_shares_is_the_pixels_it_touches(shares: tuple, inside: Box | None) -> None:
    assert RelativeBox(*shares).clip(width=30, height=20) == inside


def test_shares_of_pixels_come_back_to_the_pixels() -> None:
    for x in range(899):
        assert RelativeBox(x / 900, 0, (x + 1) / 900, 1).clip(900, 1) == Box(x, 0, x + 1, 1)


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        (Box(1, 2, 3, 4), Box(1, 2, 3, 4)),
        (Box(-5, -5, 100, 100), Box(0, 0, 30, 20)),
        (Box(25, 15, 35, 25), Box(25, 15, 30, 20)),
        (Box(30, 0, 40, 10), None),
        (Box(0, 20, 10, 30), None),
        (Box(-10, 0, 0, 10), None),
    ],
)
def test_a_box_is_clipped_to_the_picture(box: Box, inside: Box | None) -> None:
    assert box.clip(width=30, height=20) == inside
