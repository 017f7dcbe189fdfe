"""Candidates among the individuals of a gallery, by cosines or by other scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.config.identify import Identify
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.candidates import Candidates, rank_individuals
from tf_happywhale.retrieval.search.encounter_split import together_of
from tf_happywhale.retrieval.search.encounters import rank_encounters
from tf_happywhale.retrieval.search.only import Only, restricted
from tf_happywhale.retrieval.search.same_side import side_sentence, sides_of
from tf_happywhale.retrieval.search.scored import Scores, cosines, rank_scored

Search = Callable[[np.ndarray], Candidates]


@dataclass(frozen=True)
class Asked:
    """Animals that are looked for in a gallery.

    Attributes:
        queries: the animals.
        gallery: the reference images.
        settings: the config's section.
        sides: `identify.sides`.
        scores: of the gallery's images for some of the queries; None: the cosines of embeddings.
        only: which images each query may be compared with; None: all.
    """

    queries: Embeddings
    gallery: Embeddings
    settings: Rank
    sides: str = "same_first"
    scores: Scores | None = None
    only: Only | None = None

    @property
    def restricted(self) -> Scores | None:
        """The scores with −inf where an image does not count; None: cosines, and all count."""
        if self.only is None:
            return self.scores
        return restricted(self.scores or self.cosines, self.only)

    @property
    def cosines(self) -> Scores:
        """The cosines of embeddings."""
        return cosines(self.queries.stack(), self.gallery.stack())

    @property
    def ids(self) -> list[str]:
        """The individual in each image of the gallery."""
        return self.gallery.individual_id.tolist()


def alone(asked: Asked) -> Search:
    """Return a function from some rows of the queries to the candidates of each by itself."""
    settings, scores = asked.settings, asked.restricted
    if scores is None:
        search = _search(asked)
        return lambda rows: search(asked.queries.embedding[rows])

    def candidates(rows: np.ndarray) -> Candidates:
        some, nobody = (lambda part: scores(rows[part])), [""] * len(rows)
        return rank_scored(some, asked.ids, nobody, settings.candidates, settings.best_of)

    return candidates


def candidates_of(asked: Asked) -> Candidates:
    """Return the candidates of each animal; those of one encounter have the same, by the column
    together."""
    queries, gallery, settings = asked.queries, asked.gallery, asked.settings
    ids, together = asked.ids, together_of(queries)
    k, best_of, sides = settings.candidates, settings.best_of, sides_of(queries, gallery)
    counts = asked.sides != "ignore" and sides.matter
    scores = asked.restricted
    if not counts and scores is None:
        return rank_encounters(
            queries.embedding, gallery.embedding, ids, together, k, _search(asked), best_of
        )
    return rank_scored(
        scores or asked.cosines, ids, together, k, best_of, sides if counts else None
    )


def side_notes(queries: Embeddings, gallery: Embeddings, settings: Identify) -> list[str]:
    """Return a sentence on the sides of animals and what they change; none if they do not count, or
    if another side is left out altogether.

    Args:
        queries: the animals.
        gallery: the reference images.
        settings: the config's section.
    """
    shown = sides_of(queries, gallery)
    if settings.sides == "ignore" or "viewpoint" in settings.only or not shown.matter:
        return []
    return [side_sentence(shown, gallery.individual_id.tolist())]


def _search(asked: Asked) -> Search:
    """Return a function from embeddings [n, d] to the candidates of each of them by itself."""
    settings = asked.settings
    return partial(
        rank_individuals,
        gallery=asked.gallery.stack(),
        individual_ids=asked.gallery.individuals,
        k=settings.candidates,
        engine=settings.engine,
        shortlist=settings.shortlist,
        memory=settings.memory * 2**20,
        best_of=settings.best_of,
    )
