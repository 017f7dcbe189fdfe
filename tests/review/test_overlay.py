from __future__ import annotations

import numpy as np

from tf_happywhale.review.overlay import GAP, SIDE, heat_pair, line_pair

FIRST = np.full((32, 32, 3), (200, 100, 50), np.uint8)
SECOND = np.full((48, 48, 3), (50, 100, 200), np.uint8)


def test_warm_places_keep_their_colour_and_the_rest_is_dim_and_grey() -> None:
    heat = np.zeros((4, 4))
    heat[0, 3] = 1
    pair = heat_pair(FIRST, SECOND, (heat, heat.T))
    assert pair.shape == (SIDE, 2 * SIDE + GAP, 3)
    warm = pair[SIDE // 8, SIDE - SIDE // 8].astype(int)
    np.testing.assert_allclose(warm, FIRST[0, 0], atol=40)
    cold = pair[-1, 0].astype(int)
    assert cold.max() - cold.min() <= 1 and cold.max() < 60
    other = pair[SIDE - SIDE // 8, SIDE + GAP + SIDE // 8].astype(int)
    np.testing.assert_allclose(other, SECOND[0, 0], atol=40)


def test_a_line_joins_the_middles_of_both_cells() -> None:
    pair = line_pair(FIRST, SECOND, np.array([[0, 0, 3, 3]]), (4, 4))
    plain = line_pair(FIRST, SECOND, np.zeros((0, 4)), (4, 4))
    changed = (pair != plain).any(axis=2)
    cell = SIDE // 8
    assert changed[cell, cell] and changed[SIDE - cell, 2 * SIDE + GAP - cell]
    assert not changed[SIDE - cell, cell]


def test_a_map_may_be_wider_than_high() -> None:
    pair = line_pair(FIRST, SECOND, np.array([[0, 0, 1, 3]]), (2, 4))
    changed = (pair != line_pair(FIRST, SECOND, np.zeros((0, 4)), (2, 4))).any(axis=2)
    row, column = SIDE // 4, SIDE // 8
    assert changed[row, column] and changed[SIDE - row, 2 * SIDE + GAP - column]
