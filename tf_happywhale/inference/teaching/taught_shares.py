"""Several models' shares of the score, taught by the gallery."""

from __future__ import annotations

from dataclasses import replace

from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.teaching.who_teaches import WhoTeaches
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.teaching.members import WIDTHS, join_again, taught_shares


def with_taught_shares(
    identifier: Identifier,
    teacher: WhoTeaches,
    queries: Embeddings,
    gallery: Embeddings,
    best_of: int,
) -> tuple[Identifier, Embeddings, Embeddings]:
    """Return the identifier, queries and gallery with shares of the models that the gallery
    teaches, if the models' own catalogue has taught none. What is kept on the disk has the shares
    that it was embedded with.

    Args:
        identifier: its models embedded both.
        teacher: see `who_teaches`.
        queries: the animals to identify.
        gallery: the reference images.
        best_of: see `ask`.
    """
    known = teacher.asked is None or not identifier.unknown or len(identifier.models) < 2
    if known or not gallery.about.get(WIDTHS) or queries.about.get(WIDTHS) != gallery.about[WIDTHS]:
        return identifier, queries, gallery
    weights = [model.weight for model in identifier.models]
    shares = taught_shares(gallery, weights, best_of, teacher.asked)
    learned = replace(identifier.learned, shares=tuple(shares))
    both = (join_again(part, shares) for part in (queries, gallery))
    return replace(identifier, learned=learned), *both
