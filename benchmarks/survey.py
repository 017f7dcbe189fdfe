"""Synthetic surveys with a known population: is the true abundance in the interval?

    python benchmarks/survey.py [--surveys 100] [--missed 0.1]
    python benchmarks/survey.py --table survey.csv   # writes one survey as a table, to try

A survey has three seasons with five trips each. Each trip goes to four places on four days. An
animal is at one of them, mostly at its own, and is photographed with one probability, from the
left, the right, or both sides. Between seasons animals die and are born, within a season nobody
does; so each season is estimated by itself. The sightings go through the functions of `history`,
and the estimates are those that it prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.config.history import History
from tf_happywhale.disk.files import write_csv
from tf_happywhale.sightings.capture_history import capture_history, choose
from tf_happywhale.sightings.estimates import estimate_sessions
from tf_happywhale.sightings.missed_matches import too_large_by
from tf_happywhale.sightings.survey import survey_occasions
from tf_happywhale.sightings.table import COLUMNS

SEASONS, TRIPS = (2021, 2022, 2023), (5, 6, 7, 8, 9)  # a trip a month
PLACES = {"North Cape": (57.70, 11.80), "Bay of Islands": (57.55, 11.95),
          "Skerries": (57.62, 11.70), "Harbour": (57.68, 11.90)}  # fmt: skip
ANIMALS, DEATHS, BIRTHS = 120, 0.10, 0.15
PHOTOGRAPHED, AT_HOME, DIFFER = 0.3, 0.7, 0.15
APART = "both sides, never joined"
SIDES = {"left": 0.4, "right": 0.4, "both": 0.2}


@dataclass
class Survey:
    """A drawn survey.

    Attributes:
        sightings: animal, day, place, side of each photograph, in the order of time.
        alive: how many animals there are in each season.
        ever: how many there are in at least one season.
    """

    sightings: list[tuple[int, str, str, str]] = field(default_factory=list)
    alive: dict[int, int] = field(default_factory=dict)
    ever: int = 0


def draw_survey(rng: np.random.Generator, differ: float = 0.0) -> Survey:
    """Draw a survey; `differ`: standard deviation between animals of the probability with which
    one is photographed on a trip."""
    survey, places = Survey(), list(PLACES)
    easy: dict[int, float] = {}
    animals = {n: places[rng.integers(4)] for n in range(ANIMALS)}
    survey.ever = ANIMALS
    for year in SEASONS:
        if year > SEASONS[0]:
            animals = {n: home for n, home in animals.items() if rng.random() >= DEATHS}
            born = rng.binomial(len(animals), BIRTHS)
            animals |= {survey.ever + n: places[rng.integers(4)] for n in range(born)}
            survey.ever += born
        survey.alive[year] = len(animals)
        for month in TRIPS:
            today = []
            for animal, home in animals.items():
                if animal not in easy:
                    easy[animal] = _probability(rng, differ)
                if rng.random() >= easy[animal]:
                    continue
                place = home if rng.random() < AT_HOME else places[rng.integers(4)]
                day = f"{year}-{month:02d}-{3 + places.index(place):02d}"
                side = rng.choice(list(SIDES), p=list(SIDES.values()))
                for one in ("left", "right") if side == "both" else (side,):
                    today.append((animal, day, place, one))
            survey.sightings += sorted(today, key=lambda row: row[1])
    return survey


def _probability(rng: np.random.Generator, differ: float) -> float:
    """Return the probability of one animal, by a beta distribution."""
    if not differ:
        return PHOTOGRAPHED
    size = PHOTOGRAPHED * (1 - PHOTOGRAPHED) / differ**2 - 1
    return float(rng.beta(PHOTOGRAPHED * size, (1 - PHOTOGRAPHED) * size))


def all_right(survey: Survey, rng: np.random.Generator) -> list[str]:
    """Return the id of each sighting, if nobody makes a mistake."""
    return [f"{animal:05d}" for animal, *_ in survey.sightings]


def with_misses(missed: float) -> Callable[[Survey, np.random.Generator], list[str]]:
    """Return a function that identifies, and misses the match of an animal on a day with this
    probability. Then it has a new id, which may be found again like any other of its ids."""

    def identify(survey: Survey, rng: np.random.Generator) -> list[str]:
        ids: dict[int, list[str]] = {}
        of_day: dict[tuple[int, str], str] = {}
        found, count = [], 0
        for animal, day, _, _ in survey.sightings:
            if (animal, day) not in of_day:
                known = ids.setdefault(animal, [])
                if not known or rng.random() < missed:
                    known.append(f"{count:05d}")
                    count += 1
                    of_day[animal, day] = known[-1]
                else:
                    of_day[animal, day] = known[rng.integers(len(known))]
            found.append(of_day[animal, day])
        return found

    return identify


def sides_apart(survey: Survey, rng: np.random.Generator) -> list[str]:
    """Return ids of sides: those of an animal are never joined."""
    return [f"{animal:05d}-{side}" for animal, _, _, side in survey.sightings]


def table_of(survey: Survey, ids: list[str]) -> pd.DataFrame:
    """Return the sightings as `read_sightings` does."""
    rng = np.random.default_rng(2)
    rows = []
    for who, (_, day, place, side) in zip(ids, survey.sightings, strict=True):
        latitude, longitude = np.array(PLACES[place]) + rng.normal(0, (0.006, 0.012))
        rows.append(
            {
                "image": f"IMG_{len(rows):04d}.jpg",
                "individual_id": who,
                "species": "bottlenose_dolphin",
                "encounter": f"{day} {place}",
                "date": day,
                "latitude": f"{latitude:.5f}",
                "longitude": f"{longitude:.5f}",
                "place": place,
                "viewpoint": side,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object).fillna("")


def write_table(path: Path) -> None:
    """Write the sightings of one survey as a table."""
    survey = draw_survey(np.random.default_rng([0, 1]))
    table = table_of(survey, all_right(survey, np.random.default_rng(0)))
    write_csv(path, table.loc[:, (table != "").any()])
    alive = ", ".join(f"{count} in {year}" for year, count in survey.alive.items())
    print(f"{path}: {len(table)} photographs; there were {alive}")


@dataclass
class Score:
    """What surveys said: whether the truth was in the interval, and the estimate's share of it."""

    hits: list[bool] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    expected: list[float] = field(default_factory=list)

    def line(self, name: str, surveys: int) -> str:
        """Return a row of the table."""
        inside = sum(self.hits) / (len(self.hits) / surveys)
        expected = f"{np.mean(self.expected):.3f}" if self.expected else ""
        return (
            f"| {name} | {inside:.0f} of {surveys} | {np.mean(self.share):.3f} | "
            f"{np.mean(self.width):.2f} | {expected} |"
        )


def measure(
    surveys: list[Survey],
    identify: Callable[[Survey, np.random.Generator], list[str]],
    settings: History,
    missed: float = 0.0,
    by_season: bool = False,
) -> dict[str, Score]:
    """Return the scores of M0 and Mt over all sessions, and of Mt in each season if asked for."""
    scores = {"M0": Score(), "Mt": Score()}
    for number, survey in enumerate(surveys):
        table = table_of(survey, identify(survey, np.random.default_rng([1, number])))
        occasions = survey_occasions(table, settings)
        chosen = choose(table, occasions, {"viewpoint": settings.viewpoint})
        for one in estimate_sessions(capture_history(chosen, occasions)):
            truth = survey.ever if one.session == "all" else survey.alive[int(one.session)]
            for found in one.found:
                names = [found.model]
                if found.model == "Mt" and by_season:
                    names.append(f"Mt, season {SEASONS.index(int(one.session)) + 1} alone")
                for name in names:
                    score = scores.setdefault(name, Score())
                    score.hits.append(found.low <= truth <= found.high)
                    score.share.append(found.estimate / truth)
                    score.width.append((found.high - found.low) / truth)
                    if missed:
                        counts = one.history.per_occasion
                        score.expected.append(too_large_by(counts, len(one.history), missed))
    return scores


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--surveys", type=int, default=100)
    parser.add_argument("--missed", type=float, default=0.1)
    parser.add_argument("--table", type=Path)
    given = parser.parse_args()
    if given.table:
        write_table(given.table)
        return
    surveys, uneven = (
        [draw_survey(np.random.default_rng([0, n]), differ) for n in range(given.surveys)]
        for differ in (0.0, DIFFER)
    )
    season = History(session="year")
    tries = {
        "every match right, each season by itself": (all_right, season, 0.0),
        f"{given.missed:.0%} of the matches missed": (
            with_misses(given.missed), season, given.missed,
        ),
        "left sides only": (all_right, History(session="year", viewpoint=("left",)), 0.0),
        APART: (sides_apart, season, 0.0),
        "three seasons as if nobody died or was born": (all_right, History(), 0.0),
    }  # fmt: skip
    print(
        "| what | truth in the 95% interval | estimate / truth | width / truth | expected factor |"
    )
    print("|---|---|---|---|---|")
    for name, (identify, settings, missed) in tries.items():
        by_season = not settings.viewpoint and settings.session == "year" and name != APART
        for model, score in measure(surveys, identify, settings, missed, by_season).items():
            print(score.line(f"{name}, {model}", given.surveys))
    for model, score in measure(uneven, all_right, season).items():
        print(score.line(f"every match right, but animals differ, {model}", given.surveys))


if __name__ == "__main__":
    main()
