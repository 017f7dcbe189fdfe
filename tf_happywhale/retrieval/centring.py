"""Embeddings seen from the middle of a gallery, for networks that nobody taught an individual.

Such a network gives all pictures of one kind nearly the same embedding, so that all cosines are
near 1. What is left after the gallery's mean is taken away is what tells its images apart.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings

CENTRED = "centred"  # a fact about embeddings that are compared from the middle of the gallery
YES, DONE = "yes", "done"
LEAST = 1e-4  # share of its length that a row keeps; below it lies only rounding


def centred(queries: Embeddings, gallery: Embeddings) -> tuple[Embeddings, Embeddings]:
    """Return queries and gallery as they are compared: minus the gallery's mean embedding if their
    network asks for it (`about["centred"]` is `yes`), or else as they are.

    They also stay as they are if that was done, or if an image is the mean itself, as in a gallery
    of one image: nothing would be left of it.
    """
    if gallery.about.get(CENTRED) != YES or not len(gallery):
        return queries, gallery
    mean = gallery.embedding.mean(axis=0, dtype=np.float64)
    rows = [(part.embedding - mean).astype(np.float32) for part in (queries, gallery)]
    length = LEAST * np.linalg.norm(mean)
    if any((np.linalg.norm(part, axis=1) <= length).any() for part in rows):
        return queries, gallery
    parts = zip((queries, gallery), rows, strict=True)
    first, second = (
        replace(part, embedding=row, about=part.about | {CENTRED: DONE}) for part, row in parts
    )
    return first, second
