from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.detection.network_output import FLOOR, REMEMBERED, find_boxes, suppress

SOURCES = ["backfin", "fullbody"]


def anchors(*columns: tuple[float, ...]) -> np.ndarray:
    """Output [4 + sources, n] of columns cx, cy, w, h, confidences."""
    return np.array(columns, np.float32).T


def test_centre_and_size_become_corners_and_sources_come_in_turn() -> None:
    found = find_boxes(anchors((50, 40, 20, 10, 0.2, 0.9), (150, 140, 20, 10, 0.6, 0.0)), SOURCES)
    assert [(d.source, *d.corners, round(d.confidence, 4)) for d in found] == [
        ("backfin", 140, 135, 160, 145, 0.6),
        ("backfin", 40, 35, 60, 45, 0.2),
        ("fullbody", 40, 35, 60, 45, 0.9),
    ]


def test_the_less_confident_of_two_that_overlap_goes_but_only_within_its_source() -> None:
    found = find_boxes(
        anchors((50, 50, 20, 20, 0.5, 0), (51, 50, 20, 20, 0.8, 0), (51, 50, 20, 20, 0, 0.3)),
        SOURCES,
    )
    assert [(d.source, d.xmin) for d in found] == [("backfin", 41), ("fullbody", 41)]


def test_uncertain_boxes_are_dropped_and_few_are_stored() -> None:
    columns = [(30 * n, 50, 20, 20, 0.5 - n / 100, FLOOR / 2) for n in range(40)]
    found = find_boxes(anchors(*columns), SOURCES)
    assert len(found) == REMEMBERED
    assert found[0].confidence == pytest.approx(0.5)
    assert {d.source for d in found} == {"backfin"}


def test_networks_that_suppress_themselves() -> None:
    output = np.array([[1, 2, 3, 4, 0.7, 1], [1, 2, 3, 4, 0.9, 0], [0, 0, 0, 0, 0, 0]], np.float32)
    found = find_boxes(output, SOURCES)
    assert [(d.source, round(d.confidence, 3)) for d in found] == [
        ("backfin", 0.9), ("fullbody", 0.7),
    ]  # fmt: skip


def test_an_empty_output_has_no_boxes() -> None:
    assert find_boxes(np.zeros((6, 0), np.float32), SOURCES) == []


def test_suppression_agrees_with_looking_at_all_pairs() -> None:
    rng = np.random.default_rng(4)
    start = rng.uniform(0, 50, (60, 2))
    corners = np.concatenate([start, start + rng.uniform(10, 40, (60, 2))], axis=1)

    def share(a: np.ndarray, b: np.ndarray) -> float:
        w = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
        h = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
        both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
        return w * h / (both - w * h)

    expected: list[int] = []
    for row in range(len(corners)):
        if all(share(corners[row], corners[kept]) <= 0.4 for kept in expected):
            expected.append(row)
    assert suppress(corners, 0.4) == expected
    assert 1 < len(expected) < 60
