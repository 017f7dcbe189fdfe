"""Decisions about groups of new animals: what they say of pairs, and which names groups have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.retrieval.groups.links import Links, links_of_names

GROUP = "group"  # a column of decisions.csv and groups.csv


@dataclass(frozen=True)
class DecidedGroups:
    """What a person has decided about groups.

    Attributes:
        known: keys of animals that are somebody in the catalogue; they are in no group.
        name: of the group that an animal is in, by key: the new individual's id if it was given
            one, or else the group's own name.
        apart: the name of the group that an animal is not in, by key.
        spent: groups' own names that are no longer free, since their animals were given an id.
        new: keys of animals that are nobody in the catalogue, and of which nothing else was said.
    """

    known: frozenset[str] = frozenset()
    name: Mapping[str, str] = field(default_factory=dict)
    apart: Mapping[str, str] = field(default_factory=dict)
    new: frozenset[str] = frozenset()
    spent: frozenset[str] = frozenset()

    def grouped(self, keys: Sequence[str], is_new: np.ndarray) -> np.ndarray:
        """Return which animals are grouped, bool [n]: those that were decided to be new, and those
        that seem to be, unless they were decided to be somebody.

        Args:
            keys: of the animals.
            is_new: bool [n], those that seem to be new.
        """
        said = {*self.name, *self.apart, *self.new}
        decided = np.array([key in said for key in keys], bool)
        known = np.array([key in self.known for key in keys], bool)
        return (is_new | decided) & ~known

    def links(self, keys: Sequence[str]) -> Links:
        """Return what the decisions say of pairs: animals of one name are one, those of two names
        are two, and an animal that was taken out of a group is none of those in it."""
        named = {key: self.name[key] for key in keys if key in self.name}
        apart = [
            (key, member)
            for key in keys
            for member, name in named.items()
            if self.apart.get(key) == name
        ]
        return links_of_names(named) + Links(cannot=apart)

    def names(self, members: Sequence[Sequence[str]]) -> list[str]:
        """Return the name of each group: the decided one, or else new_1 and so on, the largest
        first.

        Args:
            members: the keys of each group.
        """
        found = [next((self.name[key] for key in some if key in self.name), "") for some in members]
        taken = {*self.name.values(), *self.apart.values(), *self.spent}
        free = (name for n in count(1) if (name := f"new_{n}") not in taken)
        for number in sorted(range(len(members)), key=lambda n: (-len(members[n]), members[n])):
            found[number] = found[number] or next(free)
        return found


def decided_groups(
    decided: Mapping[str, str],
    groups: Mapping[str, str],
    new: Collection[str],
    apart: Mapping[str, str],
    called: Mapping[str, str],
) -> DecidedGroups:
    """Return what decisions say about groups.

    Args:
        decided: individual_id by key; `new_individual` for one without a name.
        groups: of animals that were decided to be a new individual without a name, by key.
        new: ids that were given to new individuals.
        apart: the group that an animal was taken out of, by key.
        called: the id that the animals of a group were given, by group.
    """
    known, name, alone = set(), {}, set()
    for key, who in decided.items():
        if who == NEW_INDIVIDUAL and key in groups:
            name[key] = groups[key]
        elif who == NEW_INDIVIDUAL:
            alone.add(key)
        elif who in new:
            name[key] = who
        else:
            known.add(key)
    own = set(groups.values())
    out = {key: group if group in own else called.get(group, group) for key, group in apart.items()}
    return DecidedGroups(frozenset(known), name, out, frozenset(alone), frozenset(called))
