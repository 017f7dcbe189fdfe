"""Small galleries whose cosines are known by hand, and what it takes to rank with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.retrieval.ranking.ranking import Ranking, rank_queries


def embed(
    degrees: Sequence[float],
    images: Sequence[str],
    ids: Sequence[str],
    about: dict[str, str] | None = None,
) -> Embeddings:
    """Vectors of length 1 at these angles."""
    angles = np.radians(np.asarray(degrees, float))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Embeddings(vectors, np.array(images), np.array(ids), about or {})


class Herd:
    """A catalogue of images at angles, with folds, and queries ranked against it."""

    def __init__(self, rows: Sequence[tuple[str, str, float, int]]) -> None:
        images, ids, angles, folds = (list(column) for column in zip(*rows, strict=True))
        self.images, self.ids, self.angles = images, ids, angles
        self.folds: Mapping[str, int] = dict(zip(images, folds, strict=True))

    def gallery(self, fold: int = 0, turned: float = 0.0) -> Embeddings:
        """A model trained without that fold, which sees everything turned by an angle."""
        about = {"trained_on": all_but(fold, "records", self.folds), "fold": str(fold)}
        return embed([angle + turned for angle in self.angles], self.images, self.ids, about)

    def rank(
        self,
        degrees: Sequence[float],
        *,
        galleries: Sequence[Embeddings] | None = None,
        weights: Sequence[float] | None = None,
        species: Mapping[str, str] | None = None,
        **settings,
    ) -> Ranking:
        """Queries at angles; `settings` are the config's rank section."""
        galleries = [self.gallery()] if galleries is None else galleries
        asked = [f"q{n}.jpg" for n in range(len(degrees))]
        queries = [embed(degrees, asked, [""] * len(asked), part.about) for part in galleries]
        return rank_queries(
            LabelledGallery(make_ensemble(galleries, self.images), self.ids, self.folds),
            make_ensemble(queries, asked),
            weights or [1.0] * len(galleries),
            Rank(**({"new_share": 0.5} | settings)),
            species,
        )


@pytest.fixture
def herd() -> Herd:
    """Fold 0 asks "001" (known to fold 1) and "007" (new there)."""
    return Herd(
        [
            ("a.jpg", "001", 0, 1),
            ("b.jpg", "001", 4, 0),
            ("c.jpg", "002", 40, 1),
            ("d.jpg", "003", 80, 1),
            ("e.jpg", "004", 120, 1),
            ("f.jpg", "007", 200, 0),
        ]
    )
