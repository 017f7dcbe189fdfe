"""Which images were taken together: all of them, and some of them."""

from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.teaching.same_encounter import SameEncounter

# Images 0 and 1 are of an encounter, 2 of another on the same day as 3, 4 is 3 under another name.
TAKEN = SameEncounter(
    encounter=np.array([0, 0, 1, -1, -1]),
    day=np.array([0, 0, 1, 1, -1]),
    picture=np.array([0, 1, 2, 3, 4]),
    content=np.array([-1, -1, -1, 5, 5]),
)
TOGETHER = np.array(
    [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 1, 1, 1],
        [0, 0, 0, 1, 1],
    ],
    bool,
)


def test_encounter_day_picture_and_content_say_what_was_taken_together() -> None:
    assert TAKEN.mask(np.arange(5)).tolist() == TOGETHER.tolist()


def test_some_columns_are_those_of_all() -> None:
    rows, columns = np.array([3, 0, 2]), np.array([4, 1, 3])
    found = TAKEN.mask(rows, columns)
    assert found.tolist() == TOGETHER[np.ix_(rows, columns)].tolist()
