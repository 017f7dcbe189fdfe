"""Which images a query may be compared with: those that have its own value of some columns.

Where an image's value is known and is another one, the image does not count. Where the query's
value or the image's is not known, it counts, since nobody can say that they differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.catalogue.tables.dates_and_sides import side_of
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.scored import Scores

UNKNOWN = 0
ONLY = "only"  # a column: what each query was compared with, in words; empty: with everything


@dataclass(frozen=True)
class Only:
    """The values of queries and gallery in some columns, as numbers; 0: not known.

    Attributes:
        columns: their names.
        queries: int64 [columns, n].
        gallery: int64 [columns, m].
        values: the value of each number, of each column, in words.
        individual_ids: str [m], the individual in each image of the gallery.
    """

    columns: tuple[str, ...]
    queries: np.ndarray
    gallery: np.ndarray
    values: tuple[tuple[str, ...], ...]
    individual_ids: np.ndarray

    def out(self, rows: np.ndarray) -> np.ndarray:
        """Return which images do not count for the queries in these rows, bool [b, m]."""
        found = np.zeros((len(self.queries[0][rows]), self.gallery.shape[1]), bool)
        for asked, known in zip(self.queries, self.gallery, strict=True):
            own = asked[rows][:, None]
            found |= (own != known) & (own != UNKNOWN) & (known != UNKNOWN)
        return found

    def words(self, with_individuals: bool = False) -> list[str]:
        """Return for each query what it is compared with, such as `left only: 212 of 440 images`;
        empty where that is everything.

        Args:
            with_individuals: say too how many individuals these images show.
        """
        images, known = self.gallery.shape[1], {}
        for query, key in enumerate(map(tuple, self.queries.T.tolist())):
            if key not in known:
                left = ~self.out(np.array([query]))[0]
                named = [self.values[n][value] for n, value in enumerate(key) if value]
                known[key] = f"{', '.join(named)} only: {left.sum()} of {images} images"
                if with_individuals:
                    everyone = len(set(self.individual_ids.tolist()))
                    shown = len(set(self.individual_ids[left].tolist()))
                    known[key] += f" and {shown} of {everyone} individuals"
                if left.all():
                    known[key] = ""
        return [known[key] for key in map(tuple, self.queries.T.tolist())]

    def sentences(self) -> list[str]:
        """Return what the filter does, in sentences."""
        told = Counter(self.words(with_individuals=True))
        whole = told.pop("", 0)
        named = ", ".join(self.columns)
        if not told:
            return [f"identify.only={named} leaves out nothing: no value is known to differ."]
        parts = [f"{_animals(count)}: {words}" for words, count in sorted(told.items())]
        if whole:
            parts.append(f"{_animals(whole)}: all images, since their own value is not known or "
                         "nothing has another one")  # fmt: skip
        return [f"Compared with their own {' and '.join(self.columns)} only (identify.only). "
                + "; ".join(parts) + "."]  # fmt: skip


def only_of(queries: Embeddings, gallery: Embeddings, columns: Sequence[str]) -> Only | None:
    """Return the filter by some columns; None if there is none.

    Args:
        queries, gallery: with the columns, as far as they are known.
        columns: `species`, `viewpoint` (of which the side counts) and `place`.
    """
    if not columns:
        return None
    asked, known, values = [], [], []
    for name in columns:
        plain = [[_plain(name, cell) for cell in part.column(name).tolist()]
                 for part in (queries, gallery)]  # fmt: skip
        words = ("", *sorted({*plain[0], *plain[1]} - {""}))
        number = {word: place for place, word in enumerate(words)}
        asked.append([number[word] for word in plain[0]])
        known.append([number[word] for word in plain[1]])
        values.append(words)
    shape = len(columns)
    return Only(
        tuple(columns),
        np.array(asked, np.int64).reshape(shape, len(queries)),
        np.array(known, np.int64).reshape(shape, len(gallery)),
        tuple(values),
        gallery.individual_id,
    )


def restricted(scores: Scores, only: Only | None) -> Scores:
    """Return scores with −inf where an image does not count."""
    if only is None:
        return scores
    return lambda rows: np.where(only.out(rows), np.float32(-np.inf), scores(rows))


def _animals(count: int) -> str:
    return f"{count} animal{'' if count == 1 else 's'}"


def _plain(column: str, cell: str) -> str:
    """A cell as it is compared."""
    if column == "viewpoint":
        return side_of(cell)
    return " ".join(cell.replace("_", " ").split()).casefold()
