from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.metrics import mean_average_precision
from tf_happywhale.retrieval.new_individual.rule import insert_new
from tf_happywhale.retrieval.new_individual.thresholds import (
    best_threshold,
    grid_threshold,
    one_sided,
    share_threshold,
    species_thresholds,
    weighted_map,
)

NEW = "new_individual"


def test_new_is_second_above_the_threshold_and_first_at_or_below_it() -> None:
    assert insert_new(["a", "b", "c"], [0.6, 0.2, 0.1], 0.5) == ["a", NEW, "b", "c"]
    assert insert_new(["a", "b", "c"], [0.5, 0.2, 0.1], 0.5) == [NEW, "a", "b", "c"]


def test_empty_places_are_left_out_and_a_query_without_candidates_is_new() -> None:
    assert insert_new(["a", "", ""], [0.9, -np.inf, -np.inf], 0.5) == ["a", NEW]
    assert insert_new(["", ""], [-np.inf, -np.inf], 0.5) == [NEW]


def test_new_comes_before_the_first_score_that_is_too_low_though_a_later_one_is_higher() -> None:
    """Such as that of an individual that is known from the other side only."""
    ids, scores = ["a", "b", "c", "d"], [0.6, 0.4, 0.7, 0.5]
    assert insert_new(ids, scores, 0.55, True) == ["a", NEW, "b", "c", "d"]
    assert insert_new(ids, scores, 0.65, True) == [NEW, "a", "b", "c", "d"]
    assert insert_new(ids, scores, 0.1, True) == ["a", "b", "c", "d", NEW]


def test_thresholds_are_chosen_for_the_place_that_new_gets_whatever_the_order_of_scores() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        ids = np.array([rng.permutation(list("abcdefg"))[:5] for _ in range(30)])
        scores = rng.random((30, 5)).round(2)  # in no order
        truth = [str(rng.choice([*row, NEW, "z"])) for row in ids]
        chosen = best_threshold(ids, scores, truth, 0.3, True)
        reached = weighted_map(ids, scores, truth, chosen, 0.3, True)
        tried = [weighted_map(ids, scores, truth, t, 0.3, True) for t in np.linspace(0, 1, 201)]
        assert reached >= max(tried) - 1e-12
        answers = [
            insert_new(row, score, chosen, True)[:5] for row, score in zip(ids, scores, strict=True)
        ]
        is_new = np.array(truth) == NEW
        parts = [
            mean_average_precision(
                [answers[n] for n in np.flatnonzero(kind)], [truth[n] for n in np.flatnonzero(kind)]
            )
            for kind in (is_new, ~is_new)
        ]
        assert reached == pytest.approx(0.3 * parts[0] + 0.7 * parts[1])


# Five candidates, best score, truth: two known found first, one known found second, two new.
IDS = np.array([list("abcde"), list("bacde"), list("cabde"), list("dabce"), list("eabcd")])
BEST = np.array([0.9, 0.8, 0.45, 0.5, 0.2])
SCORES = np.stack([BEST - 0.01 * n for n in range(5)], axis=1)
TRUTH = ["a", "b", "a", NEW, NEW]


def test_the_weighted_score_by_hand() -> None:
    # at .5 the third and the two new queries get new first: known 1, 1, 1/3 (third place), new 1, 1
    known, new = (1 + 1 + 1 / 3) / 3, 1.0
    expected = 0.15 * new + 0.85 * known
    assert weighted_map(IDS, SCORES, TRUTH, 0.5, 0.15) == pytest.approx(expected)
    # at 0 all known: a first, b first, a third (behind c and new); new second twice
    expected = 0.15 * 0.5 + 0.85 * (1 + 1 + 1 / 3) / 3
    assert weighted_map(IDS, SCORES, TRUTH, 0.0, 0.15) == pytest.approx(expected)


def test_the_grid_threshold_is_the_originals_first_best() -> None:
    assert grid_threshold(IDS, SCORES, TRUTH, 0.15) == 0.5


def test_the_best_threshold_is_no_worse_than_any_other() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        ids = np.array([rng.permutation(list("abcdefg"))[:5] for _ in range(30)])
        best = rng.random(30).round(2)  # with ties
        scores = np.stack([best - 0.01 * n for n in range(5)], axis=1)
        truth = [str(rng.choice([*row, NEW, "z"])) for row in ids]
        chosen = best_threshold(ids, scores, truth, 0.3)
        reached = weighted_map(ids, scores, truth, chosen, 0.3)
        tried = [weighted_map(ids, scores, truth, t, 0.3) for t in np.linspace(-0.1, 1.1, 241)]
        assert reached == pytest.approx(max(tried), abs=1e-12)


@pytest.mark.parametrize("truth", [["a", "b", "c", "d", "e"], [NEW] * 5])
def test_one_sided_validation_gives_a_one_sided_threshold(truth: list[str]) -> None:
    chosen = best_threshold(IDS, SCORES, truth, 0.15)
    assert (chosen < BEST.min()) if NEW not in truth else (chosen >= BEST.max())


def test_no_validation_query_gives_zero() -> None:
    assert best_threshold(np.zeros((0, 5), np.str_), np.zeros((0, 5)), [], 0.15) == 0.0


def test_as_a_column_new_stands_behind_every_score_above_the_threshold() -> None:
    scores = [0.9, 0.6, 0.5, -np.inf]
    for threshold, place in ((1.0, 0), (0.9, 0), (0.7, 1), (0.5, 2), (0.1, 3), (-9.0, 3)):
        ids = insert_new(["a", "b", "c", ""], scores, threshold, anywhere=True)
        assert ids.index(NEW) == place
        assert [i for i in ids if i != NEW] == ["a", "b", "c"]


def test_the_best_column_threshold_is_no_worse_than_any_other() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        ids = np.array([rng.permutation(list("abcdefg"))[:5] for _ in range(30)])
        scores = -np.sort(-rng.random((30, 5)).round(2), axis=1)  # with ties
        scores[3, 2:] = -np.inf  # fewer candidates than five
        truth = [str(rng.choice([*row, NEW, "z"])) for row in ids]
        chosen = best_threshold(ids, scores, truth, 0.3, anywhere=True)
        reached = weighted_map(ids, scores, truth, chosen, 0.3, anywhere=True)
        tried = [
            weighted_map(ids, scores, truth, t, 0.3, anywhere=True)
            for t in np.linspace(-0.1, 1.1, 241)
        ]
        assert reached == pytest.approx(max(tried), abs=1e-12)


@pytest.mark.parametrize("anywhere", [False, True])
def test_the_weighted_score_is_that_of_the_lists_themselves(anywhere: bool) -> None:
    rng = np.random.default_rng(3)
    ids = np.array([rng.permutation(list("abcdefg"))[:5] for _ in range(40)])
    scores = -np.sort(-rng.random((40, 5)), axis=1)
    truth = [str(rng.choice([*row, NEW, "z"])) for row in ids]
    lists = [insert_new(i, s, 0.6, anywhere) for i, s in zip(ids, scores, strict=True)]
    total = 0.0
    for new, share in ((True, 0.3), (False, 0.7)):
        rows = [n for n, answer in enumerate(truth) if (answer == NEW) == new]
        part = mean_average_precision([lists[n] for n in rows], [truth[n] for n in rows])
        total += share * part
    assert weighted_map(ids, scores, truth, 0.6, 0.3, anywhere) == pytest.approx(total)


def test_the_share_threshold_leaves_that_share_at_or_below_it() -> None:
    best = np.random.default_rng(4).random(200)
    for share in (0.0, 0.165, 0.5, 1.0):
        assert np.mean(best <= share_threshold(best, share)) == pytest.approx(share, abs=0.005)
    assert share_threshold(np.zeros(0), 0.1) == 0.0


def test_a_species_with_enough_images_has_a_threshold_of_its_own() -> None:
    rng = np.random.default_rng(5)
    kinds = np.repeat(["fin", "blue", "rare"], [100, 100, 10])
    is_new = rng.random(210) < 0.5
    level = np.where(kinds == "fin", 0.2, 0.7)  # where known and new part
    best = level + np.where(is_new, -0.1, 0.1) * rng.random(210)
    ids = np.tile(list("abcde"), (210, 1))
    scores = best[:, None] - np.arange(5) * 0.3
    truth = np.where(is_new, NEW, "a").tolist()
    found = species_thresholds(ids, scores, truth, 0.5, kinds.tolist())
    assert set(found) == {"fin", "blue"}
    assert found["fin"] == pytest.approx(0.2, abs=0.02)
    assert found["blue"] == pytest.approx(0.7, abs=0.02)


def test_a_threshold_needs_images_of_known_and_of_new_individuals() -> None:
    assert one_sided(5, 2) == ""
    assert "none shows a known individual, so it stands above all" in one_sided(5, 5)
    assert "none shows a new individual, so it stands below all" in one_sided(5, 0)
    for queries, new in ((5, 5), (5, 0), (0, 0)):
        assert "Set rank.threshold" in one_sided(queries, new)
