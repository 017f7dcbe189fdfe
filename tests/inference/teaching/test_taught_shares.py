from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.teaching.taught_shares import with_taught_shares
from tf_happywhale.inference.teaching.who_teaches import WhoTeaches
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking.learned import nothing_learned
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.teaching.members import WIDTHS


@dataclass(frozen=True)
class Model:
    weight: float = 1.0


def joined(count: int, seed: int) -> Embeddings:
    """Images by two models with equal shares; the second tells individuals apart less."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count // 3), 3)
    near, far = (
        rng.normal(size=(len(who) // 3, 4))[who] + spread * rng.normal(size=(len(who), 4))
        for spread in (0.1, 1.5)
    )
    rows = stack([near.astype(np.float32), far.astype(np.float32)]).tile(slice(None))
    names = np.array([f"{n}.jpg" for n in range(len(who))])
    return Embeddings(rows, names, who.astype(str), {WIDTHS: "4 4"})


QUERIES, GALLERY = joined(9, 1), joined(60, 2)
TWO = Identifier((Model(), Model()), nothing_learned([1.0, 1.0]), Path(), 8, "no catalogue.")
ALL = WhoTeaches(np.ones(len(GALLERY), bool))


def test_the_gallery_teaches_shares_where_no_catalogue_did() -> None:
    identifier, queries, gallery = with_taught_shares(TWO, ALL, QUERIES, GALLERY, 1)
    one, other = identifier.learned.shares
    assert one > 2 * other
    for before, after in ((QUERIES, queries), (GALLERY, gallery)):
        length = np.linalg.norm(after.embedding[:, :4], axis=1)
        np.testing.assert_allclose(length, np.sqrt(one / (one + other)), rtol=1e-5)
        np.testing.assert_allclose(
            np.linalg.norm(before.embedding[:, :4], axis=1), 0.5**0.5, rtol=1e-5
        )


def test_nothing_changes_where_shares_are_known_or_cannot_be_changed() -> None:
    known = replace(TWO, unknown="")
    alone = replace(TWO, models=(Model(),))
    older = replace(GALLERY, about={})
    for identifier, teacher, gallery in (
        (known, ALL, GALLERY),
        (alone, ALL, GALLERY),
        (TWO, WhoTeaches(), GALLERY),
        (TWO, ALL, older),
    ):
        same = with_taught_shares(identifier, teacher, QUERIES, gallery, 1)
        assert same == (identifier, QUERIES, gallery)
