from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.detection.detections import Detection, overlaps


def test_overlaps_by_hand() -> None:
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [0, 0, 0, 10]], float)
    assert overlaps(np.array([0, 0, 10, 10.0]), others) == pytest.approx([1, 50 / 150, 0, 0])
    assert overlaps(np.zeros(4), np.zeros((1, 4))) == pytest.approx([0])


def test_area_of_a_box() -> None:
    assert Detection("fin", 1, 2, 4, 6, 0.5).area == 12
    assert Detection("fin", 4, 2, 1, 6, 0.5).area == 0
