"""Groups of new animals with their names, as they are shown and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import key_columns
from tf_happywhale.galleries.decided_groups import GROUP, DecidedGroups
from tf_happywhale.retrieval.groups.grouping import Groups
from tf_happywhale.retrieval.groups.linkage import NEVER

GROUPS = "groups.csv"  # in the output of `identify`
NEIGHBOURS = 3  # groups that may be the same animal
LISTED = 8  # groups in one sentence


@dataclass(frozen=True)
class NamedGroups:
    """Animals by group.

    Attributes:
        name: of each animal's group, by key.
        score: the mean similarity of an animal and the others of its group, by key; NaN for one
            that is alone.
        nearest: by group, other groups that may be the same animal, the most similar first.
        said: sentences on them.
    """

    name: dict[str, str] = field(default_factory=dict)
    score: dict[str, float] = field(default_factory=dict)
    nearest: dict[str, list[str]] = field(default_factory=dict)
    said: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return groups.csv."""
        keys = sorted(self.name, key=lambda key: (self._place(key), key))
        score = [self.score[key] for key in keys]
        cells = ["" if np.isnan(one) else f"{one:.4f}" for one in score]
        group = [self.name[key] for key in keys]
        return pd.DataFrame({**key_columns(keys), GROUP: group, "score": cells})

    def _place(self, key: str) -> int:
        return list(self.nearest).index(self.name[key])


def name_groups(groups: Groups, decided: DecidedGroups, worth: str = "") -> NamedGroups:
    """Return groups with names: that of their decisions, otherwise new_1 and so on, the largest
    group first.

    Args:
        groups: of animals.
        decided: what a person has decided.
        worth: a sentence on what the groups rest on.
    """
    members = groups.members
    name = decided.names(members)
    order = sorted(range(len(members)), key=lambda n: (-len(members[n]), members[n]))
    nearest = {name[number]: _nearest(groups.between, number, name) for number in order}
    counted = _counted([len(members[n]) for n in order], [name[n] for n in order])
    return NamedGroups(
        {key: name[n] for key, n in zip(groups.names, groups.number.tolist(), strict=True)},
        dict(zip(groups.names, groups.score.tolist(), strict=True)),
        nearest,
        (counted, worth) if worth else (counted,),
    )


def _nearest(between: np.ndarray, number: int, name: Sequence[str]) -> list[str]:
    similarity = between[number].copy()
    similarity[number] = NEVER
    best = np.argsort(-similarity, kind="stable")[:NEIGHBOURS].tolist()
    return [name[n] for n in best if similarity[n] > NEVER]


def _counted(sizes: Sequence[int], name: Sequence[str]) -> str:
    """Return how many animals are in which groups, in words."""
    several = [(who, size) for who, size in zip(name, sizes, strict=True) if size > 1]
    listed = ", ".join(f"{who}: {size}" for who, size in several[:LISTED])
    inside = f" ({listed}{', …' if len(several) > LISTED else ''})" if several else ""
    alone = len(sizes) - len(several)
    return (
        f"{sum(sizes)} pictures show animals that are probably new: {len(several)} "
        f"{'group' if len(several) == 1 else 'groups'} of several{inside}, and {alone} alone."
    )
