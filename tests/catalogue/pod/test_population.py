"""Who is in the pod."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tf_happywhale.catalogue.pod.population import (
    draw_population,
    pod_fin,
)


def test_a_plan_has_the_numbers_asked_for() -> None:
    plan = draw_population(7, 64, 16, 10, 8.0, 2.0)
    train = Counter(p.individual for p in plan.photographs if p.split == "train")
    test = Counter(p.individual for p in plan.photographs if p.split == "test")
    assert len(set(plan.individual_ids)) == 80
    assert set(train) == set(range(64)) and set(test) == set(range(80))
    assert sum(count == 1 for count in train.values()) == 10
    assert sum(train.values()) == 10 + 54 * 8
    assert max(train.values()) > 2 * 8  # a long tail
    assert sum(test.values()) == 160
    assert sum(test[k] for k in range(64, 80)) == 32
    assert any(individual_id.startswith("0") for individual_id in plan.individual_ids[:64])
    assert len(Counter(plan.species[:64])) >= 4


def test_a_fin_is_the_same_in_every_process_and_another_in_another_pod() -> None:
    plan = draw_population(7, 3, 1, 1, 3.0, 1.0)
    assert pod_fin(plan, 7, 2).individual_id == plan.individual_ids[2]
    assert np.array_equal(pod_fin(plan, 7, 2).outline, pod_fin(plan, 7, 2).outline)
    assert not np.array_equal(pod_fin(plan, 7, 2).outline, pod_fin(plan, 8, 2).outline)


def test_a_pod_without_new_individuals_or_of_singletons_only() -> None:
    assert draw_population(7, 3, 0, 0, 3.0, 1.0).known == 3
    only = draw_population(7, 3, 1, 3, 9.0, 1.0)
    assert sum(p.split == "train" for p in only.photographs) == 3
