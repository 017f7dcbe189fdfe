from __future__ import annotations

import pytest

from tf_happywhale.retrieval.fusion.match_plan import MatchPlan, plan_matching


@pytest.mark.parametrize(
    ("photographs", "images", "pairs", "size", "plan"),
    [
        (42, 66, 10_000, None, MatchPlan(66, 66)),  # 2,772 pairs, and 2,145 of the gallery
        (100, 3000, 10_000, None, MatchPlan(100, 100)),
        (1000, 3000, 10_000, None, MatchPlan(20, 500)),  # more than that: at least 20 images each
        (1000, 3000, 10_000, 50, MatchPlan(50, 200)),
        (2, 3000, 10_000, None, MatchPlan(3000, 50)),  # all, but not the gallery's own
        (10, 30, 10_000, 5, MatchPlan(5, 30)),
        (1000, 3000, 0, None, MatchPlan(20, 50)),
        (3, 4, 0, None, MatchPlan(4, 4)),
        (0, 4, 10, None, MatchPlan(4, 4)),
    ],
)
def test_a_plan_has_no_more_pairs_than_it_must(photographs, images, pairs, size, plan) -> None:
    assert plan_matching(photographs, images, pairs, size) == plan
