"""Population of the pod: which individuals, and how many photographs of each in which split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.catalogue.pod.fin import SPECIES, Fin, draw_fin
from tf_happywhale.catalogue.pod.spots import with_spots


@dataclass(frozen=True)
class PodPhotograph:
    """Photograph to draw: who is in it (`individual`, an index), and where it is stored."""

    image: str
    split: str  # train or test
    individual: int


@dataclass(frozen=True)
class Population:
    """Individuals of the pod and their photographs; `individual_ids` begins with the known."""

    individual_ids: list[str]
    species: list[int]
    known: int
    photographs: list[PodPhotograph]


def draw_population(
    seed: int,
    individuals: int,
    new_individuals: int,
    singletons: int,
    mean_images: float,
    test_images_per_individual: float,
) -> Population:
    """Draw ids, species and the number of photographs of each individual.

    Train counts are 1 for the singletons and long-tailed from 2 for the others, with the mean
    asked for; test counts are at least 1, with the same mean for known and new individuals, so
    that the share of new ones is not an accident. The photographs are in random order.
    """
    rng = np.random.default_rng([seed, 1])
    total = individuals + new_individuals
    ids = [f"{number:05d}" for number in rng.choice(100_000, total, replace=False)]
    species = [int(k) for k in rng.permutation(np.arange(total) % len(SPECIES))]
    train = np.ones(individuals, int)
    many = individuals - singletons
    if many:
        weights = rng.lognormal(0.0, 0.75, many)
        spare = max(round(mean_images * many) - 2 * many, 0)
        train[singletons:] = 2 + rng.multinomial(spare, weights / weights.sum())
    test = np.concatenate(
        [
            1 + rng.multinomial(max(round((test_images_per_individual - 1) * n), 0), [1 / n] * n)
            for n in (individuals, new_individuals)
            if n
        ]
    )
    who = [("train", i) for i in range(individuals) for _ in range(train[i])]
    who += [("test", i) for i in range(total) for _ in range(test[i])]
    names = _names(len(who), rng)
    order = np.argsort(names)
    photographs = [PodPhotograph(names[k], *who[k]) for k in order]
    return Population(ids, species, individuals, photographs)


def pod_fin(plan: Population, seed: int, individual: int, spots: int = 0) -> Fin:
    """Return the fin of individual number `individual` of the pod `seed`, with so many spots."""
    rng = np.random.default_rng([seed, 2, individual])
    fin = draw_fin(plan.individual_ids[individual], SPECIES[plan.species[individual]], rng)
    return with_spots(fin, spots, np.random.default_rng([seed, 4, individual])) if spots else fin


def _names(count: int, rng: np.random.Generator) -> list[str]:
    """Return different image names of 12 hexadecimal digits."""
    names: dict[str, None] = {}
    while len(names) < count:
        names[rng.bytes(6).hex() + ".jpg"] = None
    return list(names)
