from __future__ import annotations

import pytest

from tf_happywhale.config import Detect
from tf_happywhale.detection.box_choice import choose, pad, select_boxes
from tf_happywhale.detection.detections import Detection, Seen

FOUND = [
    Detection("backfin", 10, 10, 20, 20, 0.9),
    Detection("backfin", 30, 5, 70, 45, 0.5),
    Detection("backfin", 0, 0, 100, 100, 0.04),
    Detection("fullbody", 1, 2, 3, 4, 0.2),
]


@pytest.mark.parametrize(
    ("choice", "corners", "confidence"),
    [
        ("best", (10, 10, 20, 20), 0.9),
        ("largest", (30, 5, 70, 45), 0.5),
        ("union", (10, 5, 70, 45), 0.9),
    ],
)
def test_one_box_a_source(choice: str, corners: tuple, confidence: float) -> None:
    chosen = choose(FOUND, 0.1, choice)
    assert set(chosen) == {"backfin", "fullbody"}
    (backfin,), (fullbody,) = chosen["backfin"], chosen["fullbody"]
    assert backfin.corners == corners
    assert backfin.confidence == confidence
    assert fullbody.corners == (1, 2, 3, 4)


def test_all_boxes_of_a_source_the_most_confident_first() -> None:
    assert choose(FOUND, 0.1, "all") == {"backfin": FOUND[:2], "fullbody": FOUND[3:]}
    assert choose(FOUND[1::-1], 0.1, "all") == {"backfin": FOUND[:2]}


def test_a_source_without_a_certain_box_is_left_out() -> None:
    assert set(choose(FOUND, 0.3, "union")) == {"backfin"}
    assert choose(FOUND, 0.95, "best") == {}
    assert choose([], 0, "largest") == {}


def test_padding_is_a_share_of_the_box_and_of_its_source_only() -> None:
    padded = pad(FOUND[1], {"backfin": 0.1, "fullbody": 3}, 200, 200)
    assert padded.corners == (26, 1, 74, 49)
    assert padded.confidence == 0.5
    assert pad(FOUND[1], {"fullbody": 3}, 200, 200) == FOUND[1]


def test_padding_stays_inside_the_picture() -> None:
    assert pad(FOUND[1], {"backfin": 1}, 100, 60).corners == (0, 0, 100, 60)


def test_every_photograph_and_source_has_a_box_or_a_reason() -> None:
    fin = Detection("fin", 10, 10, 30, 20, 0.8)
    unsure = Detection("body", 0, 0, 50, 50, 0.05)
    seen = {
        "both.jpg": [Seen(100, 80, (fin, Detection("body", 0, 0, 50, 50, 0.5)))],
        "one.jpg": [Seen(100, 80, (fin, unsure))],
        "none.jpg": [Seen(100, 80, ())],
        "bad.jpg": [Seen(0, 0, (), "bad.jpg is cut off.")],
    }
    settings = Detect(confidence=0.1, padding={"fin": 0.5})
    boxes, without = select_boxes(seen, ["body", "fin"], settings)
    assert [box.source for box in boxes["both.jpg"]] == ["body", "fin"]
    assert [box.corners for box in boxes["one.jpg"]] == [(0, 5, 40, 25)]
    assert boxes["none.jpg"] == boxes["bad.jpg"] == []
    assert without == [
        ["one.jpg", "body", "no box of confidence 0.1: the highest is 0.0500"],
        ["none.jpg", "body", "no box of confidence 0.1: the highest is 0.0000"],
        ["none.jpg", "fin", "no box of confidence 0.1: the highest is 0.0000"],
        ["bad.jpg", "", "bad.jpg is cut off."],
    ]


def test_several_models_are_fused() -> None:
    views = [Seen(100, 80, (Detection("fin", x, 0, x + 10, 10, 0.6),)) for x in (0, 2)]
    boxes, _ = select_boxes({"a.jpg": views}, ["fin"], Detect())
    assert boxes["a.jpg"][0].corners == pytest.approx((1, 0, 11, 10))
