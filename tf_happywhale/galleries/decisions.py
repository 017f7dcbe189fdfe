"""What a person has decided, as the pages export it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tf_happywhale.catalogue.animals.identities import as_seen, check_identity
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.decided_groups import GROUP, DecidedGroups, decided_groups
from tf_happywhale.galleries.decision_table import APART, DECISIONS, read_decision_table
from tf_happywhale.galleries.identified_animals import check_identified, identified
from tf_happywhale.messages import say_once
from tf_happywhale.retrieval.embeddings import Embeddings


@dataclass(frozen=True)
class Decisions:
    """Decisions of a person.

    Attributes:
        decided: individual_id by key; `new_individual` for one without a name. Skipped animals are
            left out.
        matched: the individuals that animals were matched with, which must be known already.
        new: the individuals that were named as new, which must not be known yet.
        groups: by key the group of an animal that was decided to be a new individual without a
            name; all of one group are one individual.
        apart: by key the group that an animal was taken out of.
        called: by group the id that its animals were given.
    """

    decided: dict[str, str]
    matched: set[str]
    new: set[str]
    groups: dict[str, str] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)

    def without(self, keys: Collection[str]) -> Decisions:
        """Return the decisions without those on some animals."""
        decided = {key: who for key, who in self.decided.items() if key not in keys}
        there = set(decided.values())
        return replace(self, decided=decided, matched=self.matched & there, new=self.new & there)

    @property
    def about_groups(self) -> DecidedGroups:
        """What the decisions say about groups of new animals."""
        return decided_groups(self.decided, self.groups, self.new, self.apart, self.called)


def read_decisions(
    path: Path, encoding: str | None = None, images: Iterable[str] = ()
) -> Decisions:
    """Return the decisions that the pages exported. A spreadsheet may have saved them since.

    Args:
        path: a table.
        encoding: `data.encoding`, for a table that a spreadsheet did not save as UTF-8.
        images: keys of the animals identified, which the decisions get.

    Raises:
        InputError: the table lacks a column, has another decision than those of `DECISIONS`, or
            contradicts itself.
    """
    table = read_decision_table(path, encoding, images)
    decided: dict[str, str] = {}
    every: dict[str, str | tuple[str, ...]] = {}  # with the skipped animals, as empty text
    groups: dict[str, str] = {}
    apart: dict[str, str] = {}
    called: dict[str, str] = {}
    of_group: dict[str, tuple[str, str]] = {}  # the first animal of each group, and its id
    named: dict[str, set[str]] = {decision: set() for decision in DECISIONS}
    for row in table.itertuples():
        at = f"Line {row.Index} of {path}"
        if row.decision not in DECISIONS:
            raise InputError(
                f"{at} says {row.decision[:80]!r} of {row.image!r}: a decision is one of "
                f"{', '.join(DECISIONS)}."
            )
        who = row.individual_id if as_seen(row.individual_id) else NEW_INDIVIDUAL
        if row.decision == "match" and who == NEW_INDIVIDUAL:
            raise InputError(f"{at} matches {row.image!r} with nobody: name the individual.")
        group = getattr(row, GROUP, "")
        said = "" if row.decision == "skip" else who
        if group and row.decision in ("new", APART):
            said = (row.decision, who, group)
        if every.setdefault(row.image, said) != said:
            raise InputError(f"{at} decides on {row.image!r} again, differently: keep one row.")
        if row.decision == "new" and group:
            _check_one_id(at, group, row.image, who, *of_group.setdefault(group, (row.image, who)))
        if row.decision == APART:
            apart[row.image] = group
        if row.decision in ("skip", APART):
            continue
        if who != NEW_INDIVIDUAL:
            check_identity(who, at)
            if group and row.decision == "new":
                called[group] = who
        elif group:
            groups[row.image] = group
        decided[row.image] = who
        named[row.decision].add(who)
    new = named["new"] - {NEW_INDIVIDUAL}
    return Decisions(decided, named["match"] - new, new, groups, apart, called)


def _check_one_id(at: str, group: str, image: str, who: str, first: str, its: str) -> None:
    """Raise InputError if two new animals of one group have two ids, or only one of them has
    one."""
    if who != its:
        one, other = ("a new individual without a name" if w == NEW_INDIVIDUAL else w
                      for w in (its, who))  # fmt: skip
        raise InputError(
            f"{at} says that {image!r} is {other}, but {first!r} of the same group {group} is "
            f"{one}: animals of one group are one individual. Give both one id, or empty the cell "
            "of the group in one of the rows."
        )


def decided_before(settings: Experiment, queries: Embeddings) -> DecidedGroups:
    """Return what `identify.decisions` says about groups of animals.

    Args:
        settings: the sections identify and data.
        queries: the animals identified.

    Raises:
        InputError: see `read_decisions` and `check_identified`; or they are about none of the
            animals. What of them has no effect is printed.
    """
    if settings.identify.decisions is None:
        return DecidedGroups()
    path, keys = Path(settings.identify.decisions).expanduser(), queries.image.tolist()
    encoding = settings.data.encoding
    decisions = read_decisions(path, encoding, keys)
    check_identified(path, *identified(queries), encoding)
    about = decisions.about_groups
    for sentence in _without_effect(path, decisions, about, set(keys)):
        say_once(sentence)
    return about


def _without_effect(
    path: Path, decisions: Decisions, about: DecidedGroups, keys: set[str]
) -> Iterator[str]:
    """Yield sentences on decisions that change nothing.

    Raises:
        InputError: none of them is about an animal that was identified.
    """
    said = [*decisions.decided, *decisions.apart]
    others = [key for key in said if key not in keys]
    if others and len(others) == len(said):
        raise InputError(
            f"{path} decides on none of the animals identified, but on others such as {others[0]}: "
            "set identify.decisions to the decisions from the pages of these photographs."
        )
    if others:
        yield (
            f"{path}: {len(others)} of {len(said)} decisions are about animals that are not among "
            f"those identified, such as {others[0]}: they change nothing"
        )
    kept = {name for key, name in about.name.items() if key in keys}
    idle = [key for key, name in about.apart.items() if name not in kept and key in keys]
    if idle:
        yield (
            f"{path}: {len(idle)} animals were taken out of groups of which nobody was decided to "
            f"stay, such as {idle[0]} out of {about.apart[idle[0]]}: they may be grouped as "
            "before; decide on the others of that group too"
        )
