from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

from tf_happywhale.catalogue.folds import assign_folds, open_folds, why_unjudged
from tf_happywhale.errors import InputError


def fold(individual_ids: list[str], fold_by: str, folds: int = 5, **columns: list[str]):
    table = pd.DataFrame({"individual_id": individual_ids, **columns}, dtype=object)
    return assign_folds(table, fold_by=fold_by, folds=folds, open_share=0.2, seed=1)


def some_individuals(smallest: int, largest: int, individuals: int = 120) -> list[str]:
    rng = np.random.default_rng([7, smallest])
    ids = [f"{k:03d}" for k in range(individuals) for _ in range(rng.integers(smallest, largest))]
    return [str(identity) for identity in rng.permutation(ids)]


def new_share(individual_ids: list[str], folds: np.ndarray, one: int) -> float:
    known = {identity for identity, f in zip(individual_ids, folds, strict=True) if f != one}
    held = [identity for identity, f in zip(individual_ids, folds, strict=True) if f == one]
    return float(np.mean([identity not in known for identity in held]))


def whole(individual_ids: list[str], folds: np.ndarray) -> set[str]:
    """Individuals of more than one image that lie in one fold only."""
    counts = Counter(individual_ids)
    lies_in: dict[str, set[int]] = {}
    for identity, f in zip(individual_ids, folds, strict=True):
        lies_in.setdefault(identity, set()).add(int(f))
    return {i for i, places in lies_in.items() if len(places) == 1 and counts[i] > 1}


@pytest.mark.parametrize(
    ("smallest", "largest", "folds"), [(1, 12, 5), (1, 2, 3), (1, 30, 2), (3, 9, 7), (2, 200, 10)]
)
def test_stratified_folds_are_scikit_learns_without_shuffle(
    smallest: int, largest: int, folds: int
) -> None:
    ids = [*some_individuals(smallest, largest), *["most"] * 10]
    expected = np.full(len(ids), -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for k, (_, rows) in enumerate(StratifiedKFold(n_splits=folds).split(ids, ids)):
            expected[rows] = k
    found = fold(ids, "stratified", folds)
    assert found.tolist() == expected.tolist()
    assert found.dtype == np.int64


def test_auto_goes_by_encounter_where_there_is_one() -> None:
    ids = ["a"] * 6 + ["b"] * 6
    encounters = [f"{identity}{n // 2}" for n, identity in enumerate(ids)]
    assert fold(ids, "auto", 2).tolist() == fold(ids, "stratified", 2).tolist()
    by_encounter = fold(ids, "encounter", 2, encounter=encounters)
    assert fold(ids, "auto", 2, encounter=encounters).tolist() == by_encounter.tolist()
    assert fold(ids, "stratified", 2, encounter=encounters).tolist() != by_encounter.tolist()


def test_auto_is_what_it_was_when_there_were_no_folds_by_burst() -> None:
    """A finished model's config says auto, and is judged on the folds it was trained with."""
    ids, days = ["a"] * 6 + ["b"] * 6, ["2021-05-13"] * 12
    plain = fold(ids, "stratified", 2).tolist()
    assert fold(ids, "auto", 2, date=days).tolist() == plain
    assert plain == [0, 0, 0, 1, 1, 1] * 2
    encounters = [f"{identity}{n // 2}" for n, identity in enumerate(ids)]
    found = fold(ids, "auto", 2, encounter=encounters, date=days).tolist()
    assert found == fold(ids, "encounter", 2, encounter=encounters).tolist()


def test_no_encounter_is_in_two_folds() -> None:
    ids = some_individuals(5, 30, individuals=30)
    rng = np.random.default_rng(3)
    encounters = [f"{identity}-{rng.integers(6)}" for identity in ids]
    folds = fold(ids, "encounter", encounter=encounters)
    for encounter in set(encounters):
        rows = [row for row, other in enumerate(encounters) if other == encounter]
        assert len(set(folds[rows])) == 1
    assert set(folds) == set(range(5))


def test_images_of_no_named_encounter_are_not_one_encounter() -> None:
    folds = fold(["a"] * 10 + ["b"] * 10, "encounter", encounter=[""] * 20)
    assert Counter(folds.tolist()) == {0: 4, 1: 4, 2: 4, 3: 4, 4: 4}


def test_encounters_of_individuals_with_fewer_images_than_folds() -> None:
    ids = [identity for identity in "abcdefgh" for _ in range(3)]
    encounters = [f"day{n // 2}" for n in range(len(ids))]
    folds = fold(ids, "encounter", encounter=encounters)
    assert set(folds) == set(range(5))
    assert all(folds[n] == folds[n + 1] for n in range(0, len(ids), 2))


def test_open_folds_hold_out_individuals_whole_for_about_the_share_asked() -> None:
    ids = some_individuals(5, 25, individuals=200)
    folds = open_folds(ids, folds=5, open_share=0.2, seed=1)
    assert len(whole(ids, folds)) == pytest.approx(0.2 * 200, abs=1)
    for one in range(5):
        assert new_share(ids, folds, one) == pytest.approx(0.2, abs=0.06)
    assert max(Counter(folds).values()) < 1.2 * min(Counter(folds).values())


def test_open_folds_hold_out_few_and_many_images_alike() -> None:
    few = {f"{k:03d}" for k in range(100) if k % 5 in (0, 2) or k % 10 == 4}  # half of them
    ids = [f"{k:03d}" for k in range(100) for _ in range(5 if f"{k:03d}" in few else 50)]
    folds = open_folds(ids, folds=5, open_share=0.2, seed=4)
    for one in range(5):
        mine = {i for i in whole(ids, folds) if folds[ids.index(i)] == one}
        assert (len(mine & few), len(mine - few)) == (2, 2)


def test_open_folds_spread_the_images_of_the_others() -> None:
    ids = some_individuals(5, 25)
    folds = open_folds(ids, folds=5, open_share=0.2, seed=1)
    held_out = whole(ids, folds)
    for identity in set(ids) - held_out:
        counts = Counter(int(f) for f, i in zip(folds, ids, strict=True) if i == identity)
        assert max(counts.values()) - min(counts.get(k, 0) for k in range(5)) <= 1


def test_open_folds_depend_on_the_seed_alone() -> None:
    ids = some_individuals(2, 9)
    chosen = [whole(ids, open_folds(ids, folds=5, open_share=0.2, seed=s)) for s in (1, 1, 2)]
    assert chosen[0] == chosen[1]
    assert chosen[0] != chosen[2]


@pytest.mark.parametrize("seed", range(8))
def test_open_folds_hold_somebody_out_of_a_small_catalogue(seed: int) -> None:
    ids = [identity for identity in "abc" for _ in range(6)]
    assert len(whole(ids, open_folds(ids, folds=2, open_share=0.18, seed=seed))) == 1


def test_singletons_alone_make_even_folds() -> None:
    folds = fold([f"{k}" for k in range(11)], "stratified")
    assert sorted(Counter(folds.tolist()).values()) == [2, 2, 2, 2, 3]


def test_pairs_are_split_so_that_each_is_known_to_the_other_fold() -> None:
    ids = [f"{k}" for k in range(7) for _ in range(2)]
    assert whole(ids, fold(ids, "stratified")) == set()


def test_fewer_images_than_folds_are_refused() -> None:
    with pytest.raises(InputError, match=r"4 images do not make 5 folds: lower data\.folds"):
        fold(["a", "a", "b", "b"], "stratified")


def test_fewer_encounters_than_folds_are_refused() -> None:
    with pytest.raises(InputError, match="2 encounters do not make 5 folds"):
        fold(["a"] * 8, "encounter", encounter=["x"] * 4 + ["y"] * 4)


def test_encounter_without_that_column_is_refused() -> None:
    with pytest.raises(InputError, match=r"no encounter column.*data\.fold_by=stratified"):
        fold(["a"] * 8, "encounter")


def test_a_fold_of_strangers_judges_nothing_and_the_remedy_is_named() -> None:
    assert why_unjudged(["a", "a", "b"], [0, 1, 1], 0) == ""
    once = why_unjudged(["a", "b", "c"], [0, 1, 1], 0)
    assert "every individual has one image: add a second image" in once
    assert "set data.fold_by or data.folds" in why_unjudged(["a", "b", "b"], [0, 1, 1], 0)
