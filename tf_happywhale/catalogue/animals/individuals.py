"""Individuals: their order, their targets, their species, and `new_individual`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

NEW_INDIVIDUAL = "new_individual"


def label_order(individual_ids: Iterable[str]) -> list[str]:
    """All individuals of the catalogue in text order; an individual's place is its target."""
    return sorted(set(individual_ids))


def to_targets(individual_ids: Sequence[str], order: Sequence[str]) -> np.ndarray:
    """The targets, int64 [n], of individual_ids in a label order; −1 for those not in it."""
    place = {identity: target for target, identity in enumerate(order)}
    return np.array([place.get(identity, -1) for identity in individual_ids], dtype=np.int64)


def with_new(individual_ids: Iterable[str], gallery_ids: Iterable[str]) -> list[str]:
    """The true answers: `new_individual` for each individual that is not in the gallery."""
    known = set(gallery_ids)
    return [identity if identity in known else NEW_INDIVIDUAL for identity in individual_ids]


def species_targets(
    order: Sequence[str], individual_ids: Sequence[str], species: Sequence[str]
) -> np.ndarray:
    """The species of each individual of a label order, int64 [classes], as places among all species
    in text order. Of an individual with several species it is the most frequent, then the first."""
    counts = Counter(zip(individual_ids, species, strict=True))
    chosen: dict[str, str] = {}
    for identity, kind in sorted(counts, key=lambda pair: (-counts[pair], pair)):
        chosen.setdefault(identity, kind)
    return to_targets([chosen[identity] for identity in order], sorted(set(chosen.values())))


def most_frequent(individual_ids: Iterable[str]) -> list[str]:
    """Individuals by number of images, the largest number first, equal ones in text order."""
    counts = Counter(individual_ids)
    return sorted(counts, key=lambda identity: (-counts[identity], identity))
