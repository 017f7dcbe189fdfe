"""Several models' embeddings as one, with shares that the gallery itself teaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.out_of_fold import SPREAD_FROM
from tf_happywhale.retrieval.ensemble.standard_scores import shares_of, standard_of
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.teaching.questions import ask

WIDTHS = "widths"  # a fact about joined embeddings: how many numbers each model has, `1280 1792`


def members_of(joined: Embeddings) -> list[Embeddings]:
    """Return each model's part of joined embeddings; a single one if it is not said where they
    end."""
    widths = [int(width) for width in joined.about.get(WIDTHS, "").split()]
    ends = np.cumsum(widths)[:-1]
    parts = np.split(joined.embedding, ends, axis=1) if widths else [joined.embedding]
    return [replace(joined, embedding=part) for part in parts]


def taught_shares(
    gallery: Embeddings, weights: Sequence[float], best_of: int = 1, asked: np.ndarray | None = None
) -> list[float]:
    """Return each model's share of the score: its weight divided by the spread of its own best
    scores, when the gallery is asked about itself; see `shares_of`.

    Args:
        gallery: joined embeddings.
        weights: of the models.
        best_of, asked: see `ask`.
    """
    standards = [
        standard_of(ask(member, None, asked, best_of=best_of, most=SPREAD_FROM).score[:, 0])
        for member in members_of(gallery)
    ]
    return shares_of(range(len(standards)), weights, standards)


def join_again(joined: Embeddings, shares: Sequence[float]) -> Embeddings:
    """Return joined embeddings with other shares of the models."""
    if not len(joined):
        return joined
    parts = [member.embedding for member in members_of(joined)]
    return replace(joined, embedding=stack(parts, weights=shares).tile(slice(None)))
