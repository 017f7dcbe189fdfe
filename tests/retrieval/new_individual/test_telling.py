from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.new_individual.telling import Telling, read_telling, telling


def test_what_fails_is_said_in_one_sentence() -> None:
    said = Telling(0.54, 0.47, 0.61).sentence
    assert said.startswith("New animals cannot be told from known ones here")
    assert "54% of all pairs (95%: 47% to 61%)" in said
    assert "help." in said and said.count(". ") == 0
    assert Telling(0.75, 0.70, 0.80).sentence == ""


@pytest.mark.parametrize(
    ("found", "fails"),
    [((0.75, 0.49, 0.9), True), ((0.59, 0.55, 0.62), True), ((0.62, 0.55, 0.7), False)],
)
def test_a_coin_within_the_interval_or_nearly_as_good(found: tuple, fails: bool) -> None:
    assert Telling(*found).fails is fails


def test_individuals_not_images_make_the_interval() -> None:
    rng, who = np.random.default_rng(0), np.repeat(np.arange(20), 30)
    is_new = who % 2 == 0
    looks = np.repeat(rng.normal(size=20), 30) + is_new  # images of one animal fail together
    by_animal, by_image = (
        telling(looks, is_new, names.astype(str)) for names in (who, np.arange(600))
    )
    assert by_animal.auroc == by_image.auroc
    assert by_animal.high - by_animal.low > 2 * (by_image.high - by_image.low)


def test_one_kind_or_an_unknown_one_cannot_be_measured() -> None:
    who = np.arange(4).astype(str)
    assert telling(np.zeros(4), np.zeros(4, bool), who) is None
    assert telling(np.array([0, 1, np.nan, 2]), np.array([True, False, True, False]), who) is None
    assert read_telling({"value": None, "interval": [0.0, 0.0]}) is None
    assert read_telling({"value": 0.7, "interval": [0.6, 0.8]}) == Telling(0.7, 0.6, 0.8)
