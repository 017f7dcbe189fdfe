"""The drawn surveys: what is known of them, and that errors are those that are asked for."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.config.history import History

FILE = Path(__file__).parents[1] / "benchmarks" / "survey.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_survey", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_right_identifications_find_the_truth_and_misses_do_not(bench) -> None:
    surveys = [bench.draw_survey(np.random.default_rng([5, n])) for n in range(8)]
    season = History(session="year")
    right = bench.measure(surveys, bench.all_right, season)["Mt"]
    assert sum(right.hits) >= 19  # of 24; fewer come once in a thousand times
    assert np.mean(right.share) == pytest.approx(1, abs=0.05)
    missed = bench.measure(surveys, bench.with_misses(0.1), season, 0.1, by_season=True)
    first = missed["Mt, season 1 alone"]
    assert np.mean(first.share) == pytest.approx(np.mean(first.expected), abs=0.05)
    assert np.mean(missed["Mt, season 3 alone"].share) > np.mean(first.share)


def test_misses_are_as_many_as_asked_for(bench) -> None:
    survey = bench.draw_survey(np.random.default_rng(6))
    right = bench.all_right(survey, np.random.default_rng(0))
    ids = bench.with_misses(0.1)(survey, np.random.default_rng(0))
    days = {(animal, day) for animal, day, _, _ in survey.sightings}
    again = len(days) - len(set(right))
    share = (len(set(ids)) - len(set(right))) / again
    assert share == pytest.approx(0.1, abs=0.05)


def test_a_survey_is_written_as_a_table(bench, tmp_path: Path, capsys) -> None:
    bench.write_table(tmp_path / "survey.csv")
    assert "there were 120 in 2021" in capsys.readouterr().out
    head, first = (tmp_path / "survey.csv").read_text().splitlines()[:2]
    assert head.startswith("image,individual_id,species,encounter,date,latitude,longitude,place")
    assert first.startswith("IMG_0000.jpg,")
