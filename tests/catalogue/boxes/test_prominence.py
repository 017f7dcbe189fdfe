"""The box of the animal that a photograph was taken of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.boxes.best_boxes import best_boxes
from tf_happywhale.catalogue.boxes.box import Box, RelativeBox
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.boxes.prominence import prominence

MIDDLE = RelativeBox(0.3, 0.4, 0.7, 0.6)
EDGE = RelativeBox(0, 0, 0.4, 0.2)
STONE = RelativeBox(0.49, 0.49, 0.51, 0.51)


def test_the_whole_picture_is_1_and_a_quarter_in_the_middle_a_half() -> None:
    assert prominence(RelativeBox(0, 0, 1, 1)) == 1
    assert prominence(RelativeBox(0.25, 0.25, 0.75, 0.75)) == pytest.approx(0.5)


def test_a_box_in_pixels_counts_by_its_confidence_alone() -> None:
    assert prominence(Box(0, 0, 5, 5)) == 1


@pytest.mark.parametrize("other", [EDGE, STONE])
def test_a_large_box_in_the_middle_wins_over_surer_ones(other: RelativeBox) -> None:
    rows = [BoxRow("a.jpg", "", MIDDLE, 0.5), BoxRow("a.jpg", "", other, 0.9)]
    for order in (rows, rows[::-1]):
        assert best_boxes(order, "body", ["a.jpg"], Path("boxes.json")) == {"a.jpg": MIDDLE}


def test_of_equal_boxes_the_surer_one_wins_and_a_persons_box_over_all() -> None:
    twin = RelativeBox(0.3, 0.4, 0.7, 0.6001)
    rows = [BoxRow("a.jpg", "", MIDDLE, 0.5), BoxRow("a.jpg", "", twin, 0.9)]
    assert best_boxes(rows, "body", ["a.jpg"], Path("boxes.json")) == {"a.jpg": twin}
    rows.append(BoxRow("a.jpg", "", EDGE, 0.0, manual=True))
    assert best_boxes(rows, "body", ["a.jpg"], Path("boxes.json")) == {"a.jpg": EDGE}
