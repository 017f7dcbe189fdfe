"""The out-of-fold queries of all folds together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.ensemble.out_of_fold import FoldScores, OutOfFold, join_scores
from tf_happywhale.retrieval.new_individual.probability import parts_of


@dataclass(frozen=True)
class Pool(OutOfFold):
    """Out-of-fold queries of all folds, with what was learned from the other folds only.

    Attributes:
        part: the part of each query; what is used on a part is learned on the others.
        gallery_images: how many images the gallery has of the right individual [n].
        species: of the images [n]; empty if it is unknown.
    """

    part: np.ndarray
    gallery_images: np.ndarray
    species: np.ndarray


def pool_folds(
    scored: Sequence[FoldScores], individual_ids: Sequence[str], species: Mapping[str, str]
) -> Pool:
    """Return all folds' queries. A single fold is cut by individuals into parts, to learn on some
    parts and measure on another."""
    everywhere, queries = Counter(individual_ids), join_scores(scored)
    counts = []
    for fold in scored:
        here = Counter(fold.individual_ids.tolist())
        counts += [everywhere[who] - here[who] for who in fold.individual_ids.tolist()]
    part = np.repeat(np.arange(len(scored)), [len(fold.images) for fold in scored])
    if len(scored) == 1:
        part = parts_of(queries.individual_ids)
    return Pool(
        **vars(queries),
        part=part,
        gallery_images=np.array(counts, dtype=int),
        species=np.array([species.get(i, "") for i in queries.individual_ids.tolist()], np.str_),
    )
