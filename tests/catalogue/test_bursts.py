from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.catalogue.bursts import (
    burst_sentence,
    bursts_of,
    check_days,
    deal_bursts,
    without_a_burst,
)
from tf_happywhale.catalogue.folds import assign_folds
from tf_happywhale.errors import InputError

DAYS = ["", "2021", "2021-05-13", "2021-05-13 10:22:59", "2021:05:13", "2021/5/14", "2021-05"]
NUMERIC = ["", "03/04/2021", "3/4/2021 09:10", "13/04/2021", "April 2021"]
Rows = list[tuple[str, str, str, str]]


def table(rows: Rows) -> pd.DataFrame:
    """Rows of photograph, individual, encounter and date; several animals of one photograph."""
    seen: Counter[str] = Counter()
    keys = []
    for photograph, *_ in rows:
        seen[photograph] += 1
        keys.append(photograph if seen[photograph] == 1 else f"{photograph}#{seen[photograph]}")
    columns = list(zip(*rows, strict=True))
    return pd.DataFrame(
        {"image": keys, "individual_id": columns[1], "encounter": columns[2], "date": columns[3]},
        dtype=object,
    )


def catalogues(dates: list[str]) -> st.SearchStrategy[Rows]:
    row = st.tuples(
        st.integers(0, 60).map("{}.jpg".format),
        st.sampled_from("abcdef"),
        st.sampled_from(["", "", "e1", "e2", "e3"]),
        st.sampled_from(dates),
    )
    return st.lists(row, min_size=1, max_size=60)


def together(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two rows must be in one fold, as the rule says it in words."""
    if one[0] == other[0] or (one[2] and one[2] == other[2]):
        return True
    same_day = one[1] == other[1] and one[3] == other[3] != ""
    return same_day and not (one[2] and other[2])


def folds_of(catalogue: pd.DataFrame, folds: int, seed: int = 1) -> np.ndarray:
    return assign_folds(catalogue, fold_by="burst", folds=folds, open_share=0.2, seed=seed)


@given(catalogues(DAYS) | catalogues(NUMERIC), st.integers(2, 6))
def test_no_burst_is_in_two_folds_and_every_fold_has_images(rows: Rows, folds: int) -> None:
    catalogue = table(rows)
    bursts = bursts_of(catalogue)
    if len(set(bursts)) < folds or len(rows) < folds:
        with pytest.raises(InputError, match="do not make"):
            folds_of(catalogue, folds)
        return
    assigned = folds_of(catalogue, folds)
    assert len(assigned) == len(rows)
    assert set(assigned.tolist()) == set(range(folds))
    day = {"2021-05-13 10:22:59": "2021-05-13", "2021:05:13": "2021-05-13", "2021": "",
           "2021-05": "", "3/4/2021 09:10": "03/04/2021", "April 2021": ""}  # fmt: skip
    plain = [(*row[:3], day.get(row[3], row[3])) for row in rows]
    for n, one in enumerate(plain):
        for m, other in enumerate(plain):
            if together(one, other):
                assert bursts[n] == bursts[m]
                assert assigned[n] == assigned[m]


@given(catalogues(DAYS), st.randoms())
def test_neither_the_order_of_rows_nor_the_seed_matters(rows: Rows, random) -> None:
    catalogue = table(rows)
    mixed = catalogue.sample(frac=1, random_state=random.randrange(2**31)).reset_index(drop=True)
    assert dict(zip(mixed["image"], bursts_of(mixed), strict=True)) == dict(
        zip(catalogue["image"], bursts_of(catalogue), strict=True)
    )
    if len(set(bursts_of(catalogue))) >= 2:
        one = dict(zip(catalogue["image"], folds_of(catalogue, 2), strict=True))
        assert one == dict(zip(mixed["image"], folds_of(mixed, 2, seed=2), strict=True))


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)), min_size=1, max_size=120),
    st.integers(2, 6),
)
def test_an_individual_of_two_bursts_is_known_to_another_fold(pairs, folds: int) -> None:
    """Where a burst shows one individual: its bursts are in as many folds as there can be."""
    who = [f"i{own % 7}" for own, _ in pairs]
    bursts = [f"{own}-{day}" for (_, day), own in zip(pairs, who, strict=True)]
    if len(set(bursts)) < folds:
        return
    assigned = deal_bursts(bursts, who, folds)
    lies_in, has = defaultdict(set), defaultdict(set)
    for own, burst, fold in zip(who, bursts, assigned.tolist(), strict=True):
        lies_in[own].add(fold)
        has[own].add(burst)
    assert all(len(lies_in[own]) == min(len(has[own]), folds) for own in has)


def test_folds_of_equal_bursts_are_equally_large() -> None:
    who = [f"{n:02d}" for n in range(20) for _ in range(15)]
    bursts = [f"{own}-{n % 15 // 3}" for n, own in enumerate(who)]
    assert Counter(deal_bursts(bursts, who, 5).tolist()) == dict.fromkeys(range(5), 60)


def test_an_encounter_counts_before_the_day_and_an_image_without_one_joins_its_day() -> None:
    day = "2021-05-13"
    apart = table([("1", "a", "e1", day), ("2", "a", "e2", day), ("3", "b", "e1", "")])
    assert bursts_of(apart).tolist() == ["1", "2", "1"]
    joined = table([("1", "a", "e1", day), ("2", "a", "e2", day), ("3", "a", "", day)])
    assert bursts_of(joined).tolist() == ["1", "1", "1"]


def test_a_day_of_different_individuals_is_not_kept_together_but_a_photograph_is() -> None:
    rows = [("1", "a", "", "2021-05-13"), ("2", "b", "", "2021-05-13"), ("2", "c", "", "")]
    assert bursts_of(table(rows)).tolist() == ["1", "2", "2"]


def test_the_cameras_day_counts_where_the_table_names_none() -> None:
    catalogue = table([("1", "a", "", ""), ("2", "a", "", "2021"), ("3", "a", "", "2021-05-14")])
    assert without_a_burst(catalogue).tolist() == [True, True, False]
    taken = ["2021-05-13 10:00:00", "2021-05-13 10:00:04", "2021-05-13 10:00:05"]
    assert bursts_of(catalogue, taken).tolist() == ["1", "1", "3"]
    assert bursts_of(catalogue).tolist() == ["1", "2", "3"]


def test_a_catalogue_without_columns_has_bursts_of_one_image() -> None:
    catalogue = table([(f"{n}", "a", "", "") for n in range(6)])[["image", "individual_id"]]
    assert without_a_burst(catalogue).all()
    assert Counter(folds_of(catalogue, 3).tolist()) == {0: 2, 1: 2, 2: 2}


@pytest.mark.parametrize(("folds", "remedy"), [(3, r"data\.folds=2\."), (2, "")])
def test_fewer_bursts_than_folds_are_refused_with_the_fix(folds: int, remedy: str) -> None:
    catalogue = table([(f"{n}", "a", f"e{n % 2}", "") for n in range(6)])
    if not remedy:
        assert Counter(folds_of(catalogue, folds).tolist()) == {0: 3, 1: 3}
        return
    with pytest.raises(InputError, match=f"6 images in 2 bursts .* 3 folds: set {remedy}"):
        folds_of(catalogue, folds)


def test_a_single_burst_cannot_be_cut() -> None:
    catalogue = table([(f"{n}", "a", "e", "") for n in range(6)])
    with pytest.raises(InputError, match=r"in 1 burst .* set data\.fold_by=stratified\."):
        folds_of(catalogue, 2)


def test_dates_that_can_be_read_in_two_ways_are_refused_beside_iso_dates() -> None:
    mixed = table([("1", "a", "", "03/04/2021"), ("2", "a", "", "2021-04-03"), ("3", "b", "", "")])
    with pytest.raises(InputError, match="in two forms, such as 2021-04-03 and 3/4/2021 "):
        folds_of(mixed, 2)
    alone = mixed.assign(date=["03/04/2021", "04/04/2021", ""])
    assert folds_of(alone, 2)[0] != folds_of(alone, 2)[1]
    with pytest.raises(InputError, match="2021-05-01"):  # the camera's
        check_days(alone, ["", "", "2021-05-01 10:00:00"])
    assert len(folds_of(mixed.assign(encounter=["e1", "e2", "e3"]), 2)) == 3  # days do not count


def test_what_the_bursts_are_is_said() -> None:
    said = burst_sentence(["1", "1", "3", "4"], ["a", "a", "b", "a"], 1)
    assert "4 images are 3 bursts" in said
    assert "1 of them of several images" in said
    assert "1 of 2 individuals has one burst only, so no other fold shows them" in said
    assert "nothing says when 1 of the images" in said
    assert "only" not in burst_sentence(["1", "2"], ["a", "a"], 0)
