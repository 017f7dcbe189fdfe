"""The threshold that known animals teach."""

from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.groups.grouping import join_images
from tf_happywhale.retrieval.groups.threshold import learn_threshold


def animals(seed: int, count: int, each: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count), each)
    rows = rng.normal(size=(count, 16))[who] + noise * rng.normal(size=(len(who), 16))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T, who


def test_it_groups_other_animals_well() -> None:
    learned = learn_threshold(*animals(0, 20, 3, 0.4), images=60)
    assert learned is not None
    assert learned.individuals == 20
    assert learned.precision > 0.9
    assert learned.recall > 0.9
    similarity, who = animals(1, 20, 3, 0.4)
    names = [f"{n:02d}" for n in range(60)]
    found = join_images(names, similarity).cut(learned.threshold).number
    together, same = found[:, None] == found, who[:, None] == who
    assert (together == same).mean() > 0.99


def test_few_animals_teach_and_two_do_not() -> None:
    learned = learn_threshold(*animals(0, 3, 3, 0.3), images=9)
    assert learned is not None
    assert 0 < learned.threshold < 1
    assert learn_threshold(*animals(0, 2, 3, 0.3), images=9) is None
    assert learn_threshold(*animals(0, 30, 1, 0.3), images=9) is None


def test_it_is_the_same_each_time() -> None:
    similarity, who = animals(0, 12, 3, 0.8)
    assert learn_threshold(similarity, who, 20) == learn_threshold(similarity, who, 20)


def test_what_it_is_worth_is_measured_on_other_animals() -> None:
    """Of noise a threshold learns nothing, whatever it finds in its own half."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 16))
    learned = learn_threshold(rows @ rows.T, np.repeat(np.arange(20), 3), images=60)
    assert learned is not None
    assert learned.precision < 0.2


def test_animals_that_cannot_be_told_apart_are_not_lumped_together() -> None:
    similarity, who = animals(0, 40, 2, 6.0)
    learned = learn_threshold(similarity, who, images=80)
    groups = join_images([f"{n:02d}" for n in range(80)], similarity).cut(learned.threshold)
    assert len(groups.members) > 10
