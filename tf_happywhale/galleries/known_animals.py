"""The animals of a photograph that are known, found by its content and by their boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tf_happywhale.catalogue.animals.animal_key import animal_key, split_key
from tf_happywhale.catalogue.boxes.animal_boxes import ONE_INSIDE
from tf_happywhale.catalogue.boxes.best_boxes import SAME_ANIMAL
from tf_happywhale.catalogue.boxes.box import shared_area
from tf_happywhale.catalogue.boxes.box_text import parse_box
from tf_happywhale.errors import InputError


@dataclass(frozen=True)
class Animal:
    """One animal: a box in a photograph, and the individual in it.

    Attributes:
        key: the name of its photograph in catalogue and gallery, and its number.
        content: SHA-256 of the photograph's bytes.
        box: `source xmin ymin xmax ymax`, empty for the whole picture.
        individual_id: which individual it is.
        where: where that is written, for errors: `in the gallery`, `in the catalogue`.
        decided_as: the name for a person of an animal that is being decided on; otherwise empty.
    """

    key: str
    content: str
    box: str
    individual_id: str
    where: str = ""
    decided_as: str = ""


class KnownAnimals:
    """Known animals. Animals that are decided on are added to them.

    Args:
        animals: those of gallery and catalogue.
        taken: more keys that are in use, such as those of a table of boxes, with their boxes.
    """

    def __init__(self, animals: Iterable[Animal], taken: Iterable[tuple[str, str]] = ()) -> None:
        self.of: dict[str, list[Animal]] = {}
        self.numbers: dict[str, dict[int, str]] = {}  # box by photograph and number
        for key, box in taken:
            self._take(key, box)
        for animal in animals:
            self.add(animal)

    def add(self, animal: Animal) -> None:
        """Add an animal."""
        self.of.setdefault(animal.content, []).append(animal)
        self._take(animal.key, animal.box)

    def find(self, content: str, box: str, others: Sequence[str] = ()) -> Animal | None:
        """Return the known animal in a box of a photograph; None if there is none.

        If the photograph has only one box, an animal known in the whole picture is the one in the
        box, and the other way round.

        Args:
            content: SHA-256 of the photograph.
            box: as text.
            others: the boxes of its other animals. They may overlap this one, so a known animal
                counts only if it fits this box best.
        """
        known = self.of.get(content, ())
        for one in known:
            fits = likeness(one.box, box)
            if fits and all(likeness(one.box, other) <= fits for other in others):
                return one
        if others:
            return None
        return next((one for one in known if not one.box or not box), None)

    def check(
        self, name: str, content: str, box: str, others: Sequence[str], who: str
    ) -> Animal | None:
        """Return the known animal that was decided on again; None if the animal is new.

        An individual is in a photograph only once. If it is known in the whole picture, it is the
        same animal.

        Args:
            name: the decided animal's name for a person.
            content, box, others: see `find`.
            who: the individual that it was decided to be.

        Raises:
            InputError: the animal is another individual already, or this individual is in another
                box of the photograph.
        """
        found = self.find(content, box, others)
        if found is not None and found.individual_id != who and found.decided_as:
            raise InputError(
                f"{found.decided_as} and {name} are one photograph, but it was decided to be "
                f"{found.individual_id} and {who}: correct the decisions."
            )
        if found is not None and found.individual_id != who:
            other = "" if name.startswith(found.key) else f" ({found.key})"
            raise InputError(
                f"{name} is {found.where} as {found.individual_id}{other}, but it was decided to "
                f"be {who}: correct the decision, or `gallery move` the image first; where the "
                "photograph shows both, give each animal a box."
            )
        if found is not None:
            return found
        for one in self.of.get(content, ()):
            if one.individual_id == who:
                if not one.box or not box:
                    return one
                where = f"by the decision on {one.decided_as}" if one.decided_as else one.where
                raise InputError(
                    f"{name} was decided to be {who}, but another box of this photograph is {who} "
                    f"{where}: no animal is in a photograph twice. Skip one of them."
                )
        return None

    def key_for(self, photograph: str, number: int, box: str) -> str:
        """Return the key of a new animal: the key of its box if there is one, or else its own
        number, or the next free one.

        Args:
            photograph: its name in the catalogue.
            number: the animal's among those identified.
            box: the animal's, as text.
        """
        taken = self.numbers.get(photograph, {})
        there = next((n for n, known in taken.items() if box and same_box(known, box)), None)
        if there is not None and not self._is_animal(animal_key(photograph, there)):
            return animal_key(photograph, there)
        free = (n for n in (number, *range(1, len(taken) + 2)) if n not in taken)
        return animal_key(photograph, next(free))

    def _is_animal(self, key: str) -> bool:
        return any(animal.key == key for known in self.of.values() for animal in known)

    def _take(self, key: str, box: str) -> None:
        photograph, number = split_key(key)
        self.numbers.setdefault(photograph, {})[number] = box


def same_box(one: str, other: str) -> bool:
    """Return whether two boxes as text show one animal. Two whole pictures do."""
    return likeness(one, other) > 0


def likeness(one: str, other: str) -> float:
    """Return how well two boxes, `source xmin ymin xmax ymax`, fit: 2 if they are the same, the
    share of area that they have in common if they may show one animal, and 0 if not."""
    if one == other:
        return 2.0
    if not one or not other:
        return 0.0
    (source, first), (other_source, second) = parse_box(one), parse_box(other)
    over_union, over_smaller = shared_area(first, second)
    if source == other_source:
        return over_union if over_union > SAME_ANIMAL else 0.0
    return over_smaller if over_smaller > ONE_INSIDE else 0.0
