"""What a report shows: the heading, the pictures, and what is known of individuals and images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ReadPicture = Callable[[str], np.ndarray]
Why = Callable[[str, str, str], list[tuple[str, np.ndarray]]]
Pair = tuple[str, str]  # a query and a reference image


@dataclass(frozen=True)
class Common:
    """What a query and a reference image have in common.

    Attributes:
        words: a function from pairs to what each of them has in common, in words; called once with
            all pairs that are shown. A pair of which nothing is known is left out.
        picture: a function from a pair of those to a picture of it, uint8 RGB [h, w, 3].
        reading: how that picture is read, in sentences.
    """

    words: Callable[[Sequence[Pair]], Mapping[Pair, str]]
    picture: Callable[[Pair], np.ndarray]
    reading: str = ""


@dataclass(frozen=True)
class Known:
    """What is known of individuals and images besides their ranking. Each mapping may be empty.

    Attributes:
        species: by individual_id.
        answers: the true individual_id or `new_individual`, by query.
        references: an individual's reference images, by individual_id.
        seen: when, in which encounter and from which side a reference image was taken, by image.
        asked: when and from which side a query was taken, by query.
        sides: the side of the animal that a reference image shows, by image.
        asked_sides: the same by query.
        encounters: by query; the queries of one encounter are shown in one block.
        warnings: what is wrong with a query's picture, in words.
        boxes: `source xmin ymin xmax ymax`, by query; exported with the decisions.
        contents: a part of the hash of the photograph's bytes, by query; exported too.
        groups: of new animals, by query; the queries of one group are shown in one block.
        nearest: groups that may be the same animal, by group.
    """

    species: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    sides: Mapping[str, str] = field(default_factory=dict)
    asked_sides: Mapping[str, str] = field(default_factory=dict)
    encounters: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    boxes: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    nearest: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportContent:
    """What a report shows around the ranking.

    Attributes:
        title: the heading.
        summary: (name, value) rows under the heading.
        notes: sentences under the heading.
        query_picture: a function from a query's name to its crop, uint8 RGB [h, w, 3]. The message
            of an InputError that it raises is shown in the picture's place.
        reference_picture: the same for reference images.
        known: species, answers, more reference images and so on.
        figures: PNG files by caption, shown under the heading.
        whole_picture: a function from a query's name to its whole photograph with numbered boxes,
            uint8 RGB [h, w, 3]; used for photographs that show several queries.
        why: a function from the names of query, individual and reference image to captions and
            pictures of what the score rests on; called for each candidate that is shown.
        common: what a query and a candidate's image have in common; drawn for the first candidates.
    """

    title: str
    summary: Sequence[tuple[str, str]]
    query_picture: ReadPicture
    reference_picture: ReadPicture
    known: Known = field(default_factory=Known)
    figures: Mapping[str, Path] = field(default_factory=dict)
    whole_picture: ReadPicture | None = None
    why: Why | None = None
    common: Common | None = None
    notes: Sequence[str] = ()
