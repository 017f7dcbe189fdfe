"""Candidates among the individuals of a gallery, by the cosine of embeddings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.candidates import Candidates, rank_individuals
from tf_happywhale.retrieval.search.encounter_split import together_of
from tf_happywhale.retrieval.search.encounters import rank_encounters
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.search.same_side import side_sentence, sides_of
from tf_happywhale.retrieval.search.scored import cosines, rank_scored

Search = Callable[[np.ndarray], Candidates]


def search_of(gallery: Embeddings, settings: Rank) -> Search:
    """Return a function from embeddings [n, d] to the candidates of each of them by itself."""
    return partial(
        rank_individuals,
        gallery=gallery.embedding,
        individual_ids=gallery.individual_id.tolist(),
        k=settings.candidates,
        engine=settings.engine,
        shortlist=settings.shortlist,
        memory=settings.memory * 2**20,
        best_of=settings.best_of,
    )


def candidates_of(
    queries: Embeddings, gallery: Embeddings, settings: Rank, search: Search, sides: str
) -> Candidates:
    """Return the candidates of each animal; those of one encounter have the same. If the known
    sides of animals count, this is printed.

    Args:
        queries: the animals, with the column together.
        gallery: the reference images.
        settings: the config's section.
        search: candidates of embeddings, see `search_of`.
        sides: `identify.sides`.
    """
    ids, together = gallery.individual_id.tolist(), together_of(queries)
    k, best_of, shown = settings.candidates, settings.best_of, sides_of(queries, gallery)
    if sides == "ignore" or not shown.matter:
        return rank_encounters(
            queries.embedding, gallery.embedding, ids, together, k, search, best_of
        )
    print(side_sentence(shown, ids))
    scores = cosines(stack([queries.embedding]), stack([gallery.embedding]))
    return rank_scored(scores, ids, together, k, best_of, shown)
