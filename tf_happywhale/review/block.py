"""A block of a report: one query, its candidates, and the pictures of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tf_happywhale.catalogue.animals.animal_key import animal_words, photograph_of
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL


@dataclass(frozen=True)
class Picture:
    """A picture's `source` for <img>; if there is none, the `reason`."""

    source: str
    reason: str = ""


Named = tuple[tuple[str, Picture], ...]  # image names (or captions) with their pictures
ChangePicture = Callable[[str, str, Picture], Picture]


@dataclass(frozen=True)
class Candidate:
    """One card: an individual, or `new_individual`, which has no picture.

    Attributes:
        rank: counted from 1.
        individual_id: the individual.
        species: empty if unknown.
        score: higher is more alike.
        reference_image: the image nearest to the query.
        picture: the picture of that image.
        more: more reference images of the individual, with their pictures.
        seen: when, in which encounter and from which side the reference image was taken; empty if
            unknown.
        photographs: how many photographs there are of the individual, and of the query's side.
        common: what the query and the reference image have in common, in words.
    """

    rank: int
    individual_id: str
    species: str
    score: float
    reference_image: str
    picture: Picture | None
    more: Named = ()
    seen: str = ""
    photographs: str = ""
    common: str = ""


@dataclass(frozen=True)
class Likeness:
    """A group of new animals that may be the same animal as another.

    Attributes:
        group: its name.
        facts: the keys of its animals, their boxes and their contents.
        picture: the picture of the first one.
    """

    group: str
    facts: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    picture: Picture


@dataclass(frozen=True)
class Query:
    """One block: an animal in a photograph, in an encounter or in a group of new animals, and its
    candidates by rank.

    Attributes:
        image: the key of the animal in the photograph that is shown first.
        picture: the picture of it.
        candidates: by rank.
        p_new: probability of a new individual; NaN if unknown.
        answer: the true individual; empty if unknown.
        encounter: empty if the photograph belongs to none.
        more: the encounter's or the group's other photographs, with their pictures.
        warnings: what is wrong with the photograph, in words.
        sure: `least`, `middle` or `most`, by how close the first two scores are.
        why: pictures of what the candidates' scores are based on, with their captions.
        of: how many animals the photograph shows.
        whole: the whole photograph with all boxes, if it shows several animals.
        boxes: `source xmin ymin xmax ymax` of each photograph; empty if unknown.
        contents: a part of the hash of each photograph's bytes; empty if unknown.
        seen: when and from which side they were taken; empty if unknown.
        group: the name of the group of new animals; empty if it is in none.
        nearest: other groups that may be the same animal.
    """

    image: str
    picture: Picture
    candidates: tuple[Candidate, ...]
    p_new: float
    answer: str
    encounter: str = ""
    more: Named = ()
    warnings: tuple[str, ...] = ()
    sure: str = "middle"
    why: Named = ()
    of: int = 1
    whole: Picture | None = None
    boxes: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    seen: str = ""
    group: str = ""
    nearest: tuple[Likeness, ...] = ()

    @property
    def name(self) -> str:
        """The block's heading."""
        grouped = self.group if self.more else ""
        return self.encounter or grouped or words(self.image, self.of)

    @property
    def species(self) -> str:
        """The species of the best individual; empty if unknown."""
        found = (card.species for card in self.candidates if card.individual_id != NEW_INDIVIDUAL)
        return next(found, "")

    def pictures(self) -> Iterator[tuple[str, str]]:
        """Yield the kind (`query`, `reference` or `whole`) and the image of each picture."""
        yield "query", self.image
        yield from (("query", image) for image, _ in self.more)
        yield from (("query", other.facts[0][0]) for other in self.nearest)
        if self.whole:
            yield "whole", self.image
        for card in self.candidates:
            if card.picture and card.reference_image:
                yield "reference", card.reference_image
            yield from (("reference", image) for image, _ in card.more)

    def change_pictures(self, change: ChangePicture) -> Query:
        """Return the block with `change(kind, image, picture)` in place of each picture.

        The kinds are those of `pictures`, and `why`, which has a caption in place of the image.
        """

        def all_changed(kind: str, pictures: Named) -> Named:
            return tuple((name, change(kind, name, picture)) for name, picture in pictures)

        cards = []
        for card in self.candidates:
            picture = card.picture
            if picture and card.reference_image:
                picture = change("reference", card.reference_image, picture)
            cards.append(replace(card, picture=picture, more=all_changed("reference", card.more)))
        return replace(
            self,
            picture=change("query", self.image, self.picture),
            whole=self.whole and change("whole", self.image, self.whole),
            candidates=tuple(cards),
            more=all_changed("query", self.more),
            nearest=tuple(
                replace(other, picture=change("query", other.facts[0][0], other.picture))
                for other in self.nearest
            ),
            why=all_changed("why", self.why),
        )


def words(key: str, of: int = 1) -> str:
    """Return the name of an animal, for people, in a photograph that shows `of` animals."""
    return animal_words(key, {photograph_of(key): of})
