from __future__ import annotations

import pytest

from tf_happywhale.detection.detections import Detection
from tf_happywhale.detection.fusion import fuse


def fin(xmin: float, xmax: float, confidence: float, source: str = "fin") -> Detection:
    return Detection(source, xmin, 0, xmax, 10, confidence)


def test_two_models_that_agree_make_one_box_weighted_by_confidence() -> None:
    (fused,) = fuse([[fin(0, 10, 0.9)], [fin(2, 12, 0.3)]], 0.5)
    assert fused.xmin == pytest.approx(0.5)  # (0·.9 + 2·.3) / 1.2
    assert fused.xmax == pytest.approx(10.5)
    assert fused.confidence == pytest.approx(0.6)  # two of two models


def test_a_box_that_one_of_three_models_sees_counts_a_third() -> None:
    (fused,) = fuse([[fin(0, 10, 0.9)], [], []], 0.5)
    assert fused.corners == (0, 0, 10, 10)
    assert fused.confidence == pytest.approx(0.3)


def test_more_members_than_models_count_once() -> None:
    (fused,) = fuse([[fin(0, 10, 0.8), fin(0, 10, 0.6)], [fin(0, 10, 0.4)]], 0.5)
    assert fused.confidence == pytest.approx(0.6)


def test_boxes_apart_and_of_other_sources_do_not_mix() -> None:
    fused = fuse([[fin(0, 10, 0.8), fin(0, 10, 0.7, "body")], [fin(50, 60, 0.6)]], 0.5)
    assert [(d.source, d.xmin, round(d.confidence, 3)) for d in fused] == [
        ("body", 0, 0.35), ("fin", 0, 0.4), ("fin", 50, 0.3),
    ]  # fmt: skip


def test_a_box_joins_the_fused_box_and_not_its_first_member() -> None:
    # By itself the third box overlaps the first by a third only; the fused one lies between.
    first, second, third = fin(0, 10, 0.5), fin(2, 12, 0.5), fin(4, 14, 0.4)
    assert len(fuse([[first], [second], [third]], 0.5)) == 1
    assert len(fuse([[first], [third]], 0.5)) == 2


def test_a_single_models_boxes_stay_as_they_are() -> None:
    boxes = [fin(0, 10, 0.9), fin(1, 11, 0.8)]
    assert fuse([boxes], 0.5) == boxes
    assert fuse([[], []], 0.5) == []
