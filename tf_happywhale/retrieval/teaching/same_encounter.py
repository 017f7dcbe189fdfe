"""Which images of a gallery were taken together, so that neither may answer for the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.tables.dates_of_images import known_day
from tf_happywhale.retrieval.embeddings import Embeddings

EVERY = slice(None)  # image


@dataclass(frozen=True)
class SameEncounter:
    """Codes that are equal for images taken together; −1: it is not known.

    Attributes:
        encounter: int64 [m].
        day: int64 [m].
        picture: int64 [m], of the photograph's name; it is always known.
        content: int64 [m], of the photograph's bytes.
    """

    encounter: np.ndarray
    day: np.ndarray
    picture: np.ndarray
    content: np.ndarray

    def mask(self, rows: np.ndarray, columns: np.ndarray | slice = EVERY) -> np.ndarray:
        """Return which images were taken together with each of these rows [b], bool [b, m]; with
        `columns` int64 [c] which of these images, bool [b, c].

        Images with encounters were taken together if the encounters are equal. If one of the two
        has none, the day decides. The same photograph was always taken together with itself, under
        whatever name.
        """
        with_encounter = self.encounter >= 0
        both = with_encounter[rows][:, None] & with_encounter[columns]
        one = both & (self.encounter[rows][:, None] == self.encounter[columns])
        one |= ~both & _equal(self.day, rows, columns)
        return one | _equal(self.picture, rows, columns) | _equal(self.content, rows, columns)

    def sightings(self, who: np.ndarray) -> np.ndarray:
        """Return in how many encounters each image's individual was photographed, int64 [m].

        Args:
            who: int64 [m], the individual's number from 0 on, without gaps.
        """
        kinds = [self.encounter, self.day, self.picture]  # the first that is known
        kind = np.argmax(np.stack(kinds) >= 0, axis=0)
        code = np.stack(kinds)[kind, np.arange(len(who))]
        different = np.unique(np.stack([who, kind, code]), axis=1)
        return np.bincount(different[0], minlength=1)[who]


def same_encounter(gallery: Embeddings) -> SameEncounter:
    """Return which images of a gallery were taken together, by its columns encounter, date and
    content."""
    return SameEncounter(
        encounter=_codes(gallery.column("encounter").tolist()),
        day=_codes(known_day(text) for text in gallery.column("date").tolist()),
        picture=_codes(photograph_of(key) for key in gallery.image.tolist()),
        content=_codes(gallery.column("content").tolist()),
    )


def _equal(codes: np.ndarray, rows: np.ndarray, columns: np.ndarray | slice) -> np.ndarray:
    own = codes[rows][:, None]
    return (own >= 0) & (own == codes[columns])


def _codes(texts: Sequence[str]) -> np.ndarray:
    places: dict[str, int] = {"": -1}
    return np.array([places.setdefault(text, len(places)) for text in texts], np.int64)
