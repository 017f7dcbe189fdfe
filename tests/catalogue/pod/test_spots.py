"""Spots on fins."""

from __future__ import annotations

import cv2
import numpy as np

from tf_happywhale.catalogue.pod.drawn_photograph import draw_photograph
from tf_happywhale.catalogue.pod.population import draw_population, pod_fin
from tf_happywhale.catalogue.pod.spots import LEFT

PLAN = draw_population(7, 4, 1, 0, 2, 1)


def test_a_fin_keeps_everything_else() -> None:
    plain, spotted = pod_fin(PLAN, 7, 2), pod_fin(PLAN, 7, 2, 30)
    assert np.array_equal(plain.outline, spotted.outline)
    assert len(spotted.marks) == len(plain.marks) + 30
    for mark, same in zip(plain.marks, spotted.marks[:-30], strict=True):
        assert np.array_equal(mark.points, same.points)


def test_spots_are_on_the_fin_and_are_each_individuals_own() -> None:
    first, second = (pod_fin(PLAN, 7, number, 30) for number in (1, 2))
    for fin in (first, second):
        outline = np.ascontiguousarray(fin.outline, np.float32)
        for mark in fin.marks[-30:]:
            assert cv2.pointPolygonTest(outline, mark.points[1].tolist(), True) > -1e-4
    assert not np.allclose(first.marks[-1].points, second.marks[-1].points)


def test_a_photograph_may_be_of_one_side() -> None:
    fin, size = pod_fin(PLAN, 7, 1, 30), {"width": 300, "height": 200}
    sides = []
    for number in range(6):
        chosen = draw_photograph(fin, seed=[7, number], **size)[0]
        left, right = (
            draw_photograph(fin, seed=[7, number], **size, side=side)[0] for side in (LEFT, -LEFT)
        )
        assert not np.array_equal(left, right)
        sides.append(np.array_equal(chosen, left))
        assert sides[-1] or np.array_equal(chosen, right)
    assert len(set(sides)) == 2
