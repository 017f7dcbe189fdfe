from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.teaching.misses import misses
from tf_happywhale.retrieval.teaching.questions import Questions


def questions(
    ranks: list[int], who: list[str], individuals: int = 100, sightings: int = 50
) -> Questions:
    """Questions of which only the rank of the right individual is known; −1: it has no image."""
    rank, none = np.array(ranks), np.zeros((len(ranks), 1))
    return Questions(
        ids=none.astype(np.str_),
        score=none,
        row=np.arange(len(ranks)),
        individual_ids=np.array(who),
        left=(rank >= 0).astype(int),
        rank=rank,
        sightings=np.full(len(ranks), sightings),
        gallery_individuals=individuals,
        gallery_images=len(ranks),
    )


def test_the_share_is_that_of_the_known_questions_by_hand() -> None:
    asked = questions([0, 1, 5, 30, -1], list("aabbc"))
    assert [one.share for one in misses(asked)] == [0.75, 0.5, 0.25, 0.25]
    assert [one.candidates for one in misses(asked)] == [1, 5, 10, 20]


def test_nobody_looks_at_more_candidates_than_there_are() -> None:
    assert [one.candidates for one in misses(questions([0, 3], ["a", "b"], 10))] == [1, 5]


def test_singletons_alone_say_nothing() -> None:
    assert misses(questions([-1, -1], ["a", "b"])) == []


@pytest.mark.parametrize("rank", [0, 50])
def test_there_is_an_interval_if_all_or_none_were_missed(rank: int) -> None:
    few, many = (
        misses(questions([rank] * count, [str(n) for n in range(count)]))[0] for count in (5, 200)
    )
    assert few.share == many.share == (rank > 0)
    assert 0.2 < few.high - few.low < 0.7
    assert many.high - many.low < 0.03


def test_many_images_of_few_individuals_say_less_than_as_many_of_many() -> None:
    rng = np.random.default_rng(0)
    hard = np.repeat(rng.random(10) < 0.5, 20)  # an animal's images are all missed, or none
    ranks = np.where(hard, 50, 0).tolist()
    few = misses(questions(ranks, [str(n // 20) for n in range(200)]))[0]
    many = misses(questions(ranks, [str(n) for n in range(200)]))[0]
    assert few.high - few.low > 3 * (many.high - many.low)


def test_few_photographs_may_be_missed_more_or_less_often() -> None:
    asked = questions([0, 50] * 200, [str(n) for n in range(400)])
    run, trip = misses(asked)[0], misses(asked, 10)[0]
    assert run.high - run.low < 0.14
    assert trip.high - trip.low > 0.45
    assert trip.share == run.share
    assert trip.photographs == 10


@pytest.mark.parametrize("photographs", [None, 25])
def test_the_interval_holds_for_other_images_of_the_same_animals(photographs: int | None) -> None:
    """Animals differ in how often they are missed, and each time other images are drawn."""
    rng, inside, tries = np.random.default_rng(1), 0, 120
    for _ in range(tries):
        chance, count = rng.beta(1, 1, 12), rng.integers(2, 8, 12)
        who = np.repeat(np.arange(12), count)
        asked = questions(
            np.where(rng.random(len(who)) < chance[who], 50, 0).tolist(), who.astype(str).tolist()
        )
        one = misses(asked, photographs)[0]
        true = float((chance * count).sum() / count.sum())
        if photographs:
            shown = rng.choice(who, photographs)
            true = float((rng.random(photographs) < chance[shown]).mean())
        inside += one.low <= true <= one.high
    assert inside / tries >= 0.93


def test_the_interval_begins_where_one_encounter_more_may_lead() -> None:
    """Half of the questions with one other encounter were missed: with two, a quarter at least."""
    ids = [str(n) for n in range(3000)]
    chosen = misses(questions([0, 50] * 1500, ids, sightings=2))[0]
    often = misses(questions([0, 50] * 1500, ids, sightings=9))[0]
    assert chosen.share == often.share == 0.5
    assert chosen.high == pytest.approx(0.52, abs=0.01)
    assert chosen.low == pytest.approx(0.25 - 0.02, abs=0.01)
    assert often.low == pytest.approx(0.5 ** (9 / 8) - 0.02, abs=0.01)


def test_the_interval_holds_where_somebody_chose_two_photographs_of_each() -> None:
    """A question is missed by one photograph, a new one by two that fail together in part."""
    rng, inside, tries = np.random.default_rng(2), 0, 100
    for _ in range(tries):
        chance = rng.beta(2, 2, 30)  # that one photograph misses an animal
        asked = (rng.random((30, 2)) < chance[:, None]).ravel()
        ids = np.repeat(np.arange(30), 2).astype(str).tolist()
        one = misses(questions(np.where(asked, 50, 0).tolist(), ids, sightings=2))[0]
        inside += one.low <= np.mean(chance**2) <= one.high
    assert inside / tries >= 0.95
