"""The rehearsal's catalogue has Happywhale's counts, and is the same whenever it is drawn."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def drawn():
    sys.path.insert(0, str(BENCHMARKS))
    import rehearsal_catalogue

    yield rehearsal_catalogue
    sys.path.remove(str(BENCHMARKS))


def test_the_whole_of_it_has_happywhales_counts(drawn) -> None:
    individuals, train, test = drawn.population(1.0, 0)
    counts = np.bincount(train, minlength=individuals)
    assert (individuals, len(train), len(test)) == (15_587, 51_033, 27_956)
    assert (counts.max(), (counts == 1).sum(), counts.min()) == (400, 9_258, 1)
    assert (test >= individuals).mean() == pytest.approx(0.11, abs=1e-4)


def test_a_share_has_that_share_of_the_individuals(drawn) -> None:
    individuals, train, test = drawn.population(1 / 16, 0)
    assert individuals == 974
    assert set(train.tolist()) == set(range(974))
    assert len(test) == 1747


def test_known_photographs_to_identify_show_individuals_of_the_catalogue(drawn, tmp_path) -> None:
    drawn.draw_catalogue(tmp_path / "drawn", 1 / 2000)
    train, answers = (
        pd.read_csv(tmp_path / "drawn" / name, dtype=str) for name in ("train.csv", "answers.csv")
    )
    told = set(answers["individual_id"]) - {"new_individual"}
    assert told and told <= set(train["individual_id"])
    for table, folder in ((train, "train_images"), (answers, "test_images")):
        files = {path.name for path in (tmp_path / "drawn" / folder).iterdir()}
        assert files == set(table["image"])


def test_the_same_numbers_draw_the_same_photograph(drawn) -> None:
    fins = [drawn._fin(0, who) for who in (3, 3, 4)]
    one, same, other = (drawn.draw_small(fin, np.random.default_rng(5)) for fin in fins)
    assert one.shape == (96, 96, 3)
    assert one.dtype == np.uint8
    assert (one == same).all()
    assert (one != other).any()
