"""Confirmed animals: decisions become keys and individuals in the catalogue and the gallery."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import (
    BOX_NUMBER,
    animal_words,
    count_animals,
    photograph_of,
    split_key,
)
from tf_happywhale.catalogue.animals.identities import check_identity
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.photographs.catalogue_names import CatalogueNames
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.known_animals import Animal, KnownAnimals
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.encounter_split import together_of

FURTHER = tuple(name for name in FACTS if name not in ("encounter", "date", "viewpoint"))


@dataclass(frozen=True)
class ConfirmedAnimal:
    """An animal in a photograph that a person has named.

    Attributes:
        image: the key that the animal gets in the catalogue.
        individual_id: the individual that it is.
        species: of the individual, empty if it is not known.
        encounter: empty if it is not known.
        path: the photograph; None if the catalogue has its picture already.
        box: `source xmin ymin xmax ymax`, empty for the whole picture.
        content: SHA-256 of the photograph's bytes.
        key: its key among the animals identified.
        date: when the photograph was taken; empty if it is not known.
        viewpoint: the side that it shows; empty if it is not known.
        further: what else is known of when, where and what it shows, by column.
    """

    image: str
    individual_id: str
    species: str
    encounter: str
    path: Path | None
    box: str = ""
    content: str = ""
    key: str = ""
    date: str = ""
    viewpoint: str = ""
    further: Mapping[str, str] = field(default_factory=dict)


def confirm(
    queries: Embeddings,
    decided: Mapping[str, str],
    species: Mapping[str, str],
    names: CatalogueNames,
    known: KnownAnimals,
    given: Collection[str] = (),
    groups: Mapping[str, str] | None = None,
) -> list[ConfirmedAnimal]:
    """Return the decided animals with the keys and the ids that they get. Individuals without a
    name get one, which is the same for all animals of a group, or else of an encounter.

    Args:
        queries: the animals identified.
        decided: individual_id by key; `new_individual` for one without a name.
        species: of all individuals that there are.
        names: of the catalogue's photographs.
        known: the animals of these photographs that are known; the decided ones are added to it.
        given: more ids that a new individual must not get.
        groups: of new individuals, by key; None: there are none.

    Raises:
        InputError: a decision is about an animal that was not identified, or contradicts another
            decision or what is known.
    """
    asked = _asked_animals(queries, decided)
    taken = {*species, *decided.values(), *given}
    named = _names_of_new(asked, decided, known, taken, groups or {})
    found: dict[str, ConfirmedAnimal] = {}
    for key, who in {**decided, **named}.items():
        check_identity(who)
        one, (photograph, number) = asked[key], split_key(key)
        name = names.name(photograph, one.content)
        animal = known.check(one.words, one.content, one.box, one.others, who)
        if animal is None:
            its_key = known.key_for(name, number, one.box)
            animal = Animal(its_key, one.content, one.box, who, decided_as=one.words)
            known.add(animal)
        confirmed = ConfirmedAnimal(
            image=animal.key,
            individual_id=who,
            species=species.get(who, ""),
            encounter=one.encounter,
            path=None if names.is_there(name, one.content) else names.find(key),
            box=animal.box,
            content=one.content,
            key=key,
            date=one.date,
            viewpoint=one.viewpoint,
            further=one.further,
        )
        found.setdefault(confirmed.image, confirmed)
    return list(found.values())


def name_new(groups: Sequence[str], known: Collection[str]) -> dict[str, str]:
    """Return an id for each group of photographs of one new individual: new-0001 and so on, without
    those in `known`."""
    free = (f"new-{n:04d}" for n in count(1))
    return {
        group: next(name for name in free if name not in known) for group in dict.fromkeys(groups)
    }


def image_cells(one: ConfirmedAnimal) -> dict[str, str]:
    """Return the cells of the columns image and box_number."""
    image, which = split_key(one.image)
    return {"image": image, BOX_NUMBER: str(which)}


def number_column(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the column box_number if rows need it; without the column each number is 1."""
    return [BOX_NUMBER] if any(row[BOX_NUMBER] != "1" for row in rows) else []


@dataclass(frozen=True)
class _AskedAnimal:
    """An animal that was identified: its photograph's content, its box as text, its encounter, the
    encounter that it was ranked with, when it was taken, its side, what else is known of it, the
    boxes of the other animals, and its name for a person."""

    content: str
    box: str
    encounter: str
    together: str
    date: str
    viewpoint: str
    further: dict[str, str]
    others: list[str]
    words: str


def _asked_animals(queries: Embeddings, decided: Mapping[str, str]) -> dict[str, _AskedAnimal]:
    """Return the animals identified, by key; raise InputError if one of `decided` is missing."""
    keys, boxes = queries.image.tolist(), queries.column("box").tolist()
    identified = set(keys)
    odd = next((key for key in decided if key not in identified), None)
    if odd is not None:
        raise InputError(
            f"{odd} was decided on, but it is not among the photographs identified: set output=DIR "
            "to the folder with the pages on which it was decided."
        )
    counts = count_animals(keys)
    inside: dict[str, dict[str, str]] = {}  # box by key, of each photograph
    for key, box in zip(keys, boxes, strict=True):
        inside.setdefault(photograph_of(key), {})[key] = box
    columns = (
        queries.columns["content"].tolist(),
        boxes,
        queries.column("encounter").tolist(),
        together_of(queries),
        queries.column("date").tolist(),
        queries.column("viewpoint").tolist(),
        _further(queries),
    )
    asked = {}
    for key, *facts in zip(keys, *columns, strict=True):
        others = [box for other, box in inside[photograph_of(key)].items() if other != key]
        asked[key] = _AskedAnimal(*facts, others, animal_words(key, counts))
    return asked


def _further(queries: Embeddings) -> list[dict[str, str]]:
    """Return the cells of each animal's further columns."""
    columns = {name: queries.column(name).tolist() for name in FURTHER}
    return [dict(zip(FURTHER, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _names_of_new(
    asked: Mapping[str, _AskedAnimal],
    decided: Mapping[str, str],
    known: KnownAnimals,
    taken: Collection[str],
    groups: Mapping[str, str],
) -> dict[str, str]:
    """Return the id of each animal that was decided to be a new individual without a name. An
    animal that was added before keeps its id, and so does its group, or else its encounter."""
    owners: dict[str, str] = {}
    of: dict[str, str] = {}
    for key, who in decided.items():
        if who == NEW_INDIVIDUAL:
            one = asked[key]
            of[key] = f"\0group {groups[key]}" if key in groups else one.together or f"\0{key}"
            there = known.find(one.content, one.box, one.others)
            if there is not None:
                owners[of[key]] = there.individual_id
    owners |= name_new([group for group in of.values() if group not in owners], taken)
    return {key: owners[group] for key, group in of.items()}
