"""Several models' embeddings of a gallery as one, with shares that the gallery itself teaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.out_of_fold import SPREAD_FROM
from tf_happywhale.retrieval.ensemble.standard_scores import shares_of, standard_of
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.teaching.questions import ask


def join_members(
    members: Sequence[Embeddings], weights: Sequence[float], best_of: int = 1
) -> tuple[Embeddings, list[float]]:
    """Return a gallery's embeddings by several models side by side, and each model's share.

    A model's share is its weight divided by the spread of its own best scores, when the gallery is
    asked about itself; see `shares_of`.

    Args:
        members: the same images, in the same order, by each model.
        weights: of the models.
        best_of: an individual's score is the mean over this number of its best images.
    """
    standards = [
        standard_of(ask(member, best_of=best_of, most=SPREAD_FROM).score[:, 0])
        for member in members
    ]
    shares = shares_of(range(len(members)), weights, standards)
    rows = stack([member.embedding for member in members], weights=shares).tile(slice(None))
    return replace(members[0], embedding=rows), shares
