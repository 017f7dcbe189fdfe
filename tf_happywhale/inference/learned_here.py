"""What is known about new individuals when photographs are ranked against a gallery."""

from __future__ import annotations

from tf_happywhale.config import Rank
from tf_happywhale.inference.identifier import Identifier
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking.learned import Learned


def learned_here(identifier: Identifier, gallery: Embeddings, rank: Rank) -> tuple[Learned, str]:
    """Return what is known about new individuals, and why it is nothing; empty if it is known.

    Args:
        identifier: what its models' own catalogue has taught.
        gallery: the reference images.
        rank: the config's section.
    """
    return identifier.learned, identifier.unknown


def new_sentences(learned: Learned, unknown: str, rank: Rank) -> list[str]:
    """Return why new individuals cannot be told, or not well; nothing if they can."""
    if unknown:
        return [f"P(new) is not known, and new_individual comes last: {unknown}"]
    unsure = learned.unsure(rank)
    return [unsure] if unsure else []
