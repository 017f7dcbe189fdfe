"""Whatever way a box is written in, its pixels come back, or an error: never another box."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.catalogue.boxes.box import Box, RelativeBox
from tf_happywhale.catalogue.boxes.formats.conventions import (
    CORNERS,
    CXCYWH,
    XYWH,
    boxes_from_numbers,
)
from tf_happywhale.catalogue.boxes.formats.four_numbers import FourNumbers
from tf_happywhale.errors import InputError


@st.composite
def drawn(draw, most: int = 6) -> tuple[int, int, list[Box]]:
    """A picture's width and height, and boxes inside it, of at least three pixels a side."""
    width, height = draw(st.integers(40, 6000)), draw(st.integers(40, 6000))
    boxes = []
    for _ in range(draw(st.integers(1, most))):
        xmin, ymin = draw(st.integers(0, width - 3)), draw(st.integers(0, height - 3))
        xmax, ymax = draw(st.integers(xmin + 3, width)), draw(st.integers(ymin + 3, height))
        boxes.append(Box(xmin, ymin, xmax, ymax))
    return width, height, boxes


def written(box: Box, convention: str, width: float = 1, height: float = 1) -> tuple[float, ...]:
    """A box in one convention, in pixels or in shares of the picture."""
    corners = (box.xmin / width, box.ymin / height, box.xmax / width, box.ymax / height)
    if convention == CORNERS:
        return corners
    left, top, right, bottom = corners
    across, down = right - left, bottom - top
    if convention == CXCYWH:
        left, top = (left + right) / 2, (top + bottom) / 2
    return left, top, across, down


def numbers(fours) -> list[FourNumbers]:
    return [FourNumbers(f"line {line}", tuple(four)) for line, four in enumerate(fours, 2)]


@given(drawn(), st.sampled_from([CORNERS, XYWH, CXCYWH]), st.booleans())
def test_a_named_convention_gives_the_pixels_back(case, convention: str, shares: bool) -> None:
    width, height, boxes = case
    of = (width, height) if shares else (1, 1)
    found = boxes_from_numbers(numbers(written(box, convention, *of) for box in boxes), convention)
    assert [box.clip(width, height) for box in found] == boxes
    assert all(isinstance(box, RelativeBox) == shares for box in found)


@given(drawn(), st.sampled_from([CORNERS, XYWH]), st.booleans())
def test_corners_and_sizes_are_told_apart_or_asked_for(case, convention: str, shares: bool) -> None:
    width, height, boxes = case
    of = (width, height) if shares else (1, 1)
    try:
        found = boxes_from_numbers(numbers(written(box, convention, *of) for box in boxes), None)
    except InputError as error:
        assert "data.boxes_format=" in str(error)
    else:
        assert [box.clip(width, height) for box in found] == boxes


@given(drawn(), st.sampled_from([CORNERS, XYWH]))
def test_the_size_of_the_picture_tells_more(case, convention: str) -> None:
    width, height, boxes = case
    fours = [written(box, convention) for box in boxes]
    with_size = [FourNumbers("line", four, (width, height)) for four in fours]
    try:
        found = boxes_from_numbers(with_size, None)
    except InputError:
        return
    assert [box.clip(width, height) for box in found] == boxes
    assert [box.clip(2 * width, 2 * height) for box in found] == [
        Box(2 * box.xmin, 2 * box.ymin, 2 * box.xmax, 2 * box.ymax) for box in boxes
    ]


@given(drawn(), st.sampled_from([CORNERS, XYWH, CXCYWH]), st.data())
def test_one_box_in_shares_among_pixels_is_refused(case, convention: str, data) -> None:
    width, height, boxes = case
    fours = [written(box, convention) for box in [*boxes, boxes[0]]]
    place = data.draw(st.integers(0, len(boxes)))
    fours[place] = written(([*boxes, boxes[0]])[place], convention, width, height)
    with pytest.raises(InputError, match=rf"line {place + 2}"):
        boxes_from_numbers(numbers(fours), convention)


@given(drawn(), st.data())
def test_one_box_in_another_convention_is_refused_or_rightly_read(case, data) -> None:
    """Sizes among corners: an error, unless the numbers still are those of all true boxes."""
    boxes = case[2]
    place = data.draw(st.integers(0, len(boxes) - 1))
    fours = [written(box, CORNERS) for box in boxes]
    fours[place] = written(boxes[place], XYWH)
    try:
        found = boxes_from_numbers(numbers(fours), CORNERS)
    except InputError as error:
        assert f"line {place + 2}" in str(error)
    else:  # no reader can know: x, y, w, h of it are corners too
        left, top, across, down = fours[place]
        assert left < across and top < down
        assert found[place] == Box(*map(int, fours[place]))


@pytest.mark.parametrize(
    ("four", "sentence"),
    [
        ((0, 0, 0, 0), "line 2: the box 0, 0, 0, 0 has no area"),
        ((0.2, 0.2, 1.5, 1.4), "neither shares of the picture, from 0 to 1, nor pixels"),
        (
            (238, 40, 103, 90),
            r"right edge \(103\) is not to the right of the left edge \(238\)",
        ),
        ((10, 90, 50, 40), r"the lower edge \(40\) is not below the upper edge \(90\)"),
    ],
)
def test_what_cannot_be_corners_is_refused_by_its_line(four: tuple, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        boxes_from_numbers(numbers([four]), CORNERS)


def test_shares_that_reach_beyond_the_picture_are_not_sizes() -> None:
    with pytest.raises(InputError, match="reaches beyond the picture, which is 1 by 1"):
        boxes_from_numbers(numbers([(0.7, 0.5, 0.6, 0.3)]), XYWH)
    (box,) = boxes_from_numbers(numbers([(0.7, 0.5, 0.6, 0.3)]), CXCYWH)
    assert box.clip(200, 100) == Box(80, 35, 200, 65)


def test_a_box_that_reaches_far_beyond_the_size_that_its_file_says_is_refused() -> None:
    with pytest.raises(InputError, match="reaches beyond the picture, which is 640 by 480"):
        boxes_from_numbers([FourNumbers("line 2", (10, 10, 1200, 900), (640, 480))], CORNERS)


def test_a_lone_box_among_many_is_a_slip_of_the_pen_rather_than_a_convention() -> None:
    corners = [(n, n, 200 + n, 300 + n) for n in range(30)]
    with pytest.raises(InputError, match=r"line 32: .* nearly all other boxes of the file can"):
        boxes_from_numbers(numbers([*corners, (90, 10, 40, 60)]), None)
    few = boxes_from_numbers(numbers([*corners[:9], (90, 10, 40, 60)]), None)
    assert few[-1] == Box(90, 10, 130, 70)


def test_less_than_a_millionth_of_a_pixel_is_no_area() -> None:
    with pytest.raises(InputError, match="the right edge"):
        boxes_from_numbers(numbers([(10, 20, 10.0000001, 40)]), CORNERS)
