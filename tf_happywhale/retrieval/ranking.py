"""Queries ranked against a gallery, with `new_individual` put in by what validation has taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.individuals import NEW_INDIVIDUAL, most_frequent, with_new
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.candidates import (
    Candidates,
    rank_individuals,
    rank_individuals_sklearn,
)
from tf_happywhale.retrieval.embeddings import Embeddings, concatenate
from tf_happywhale.retrieval.open_set import (
    best_threshold,
    grid_threshold,
    insert_new,
    new_probability,
)
from tf_happywhale.retrieval.seed_rules import concatenate_raw, rank_by_seed, seed_padding
from tf_happywhale.retrieval.submission import IDS, pad

SEARCHES = {
    "numpy": rank_individuals,
    "sklearn": rank_individuals_sklearn,
    "seed": rank_by_seed,
}


@dataclass(frozen=True)
class Ranking:
    """Every query's individuals, best first.

    Attributes:
        images: the queries.
        candidates: without `new_individual`.
        threshold: best scores above it put `new_individual` second, others first.
        p_new: probability that a query shows a new individual, float [n]; NaN if unknown.
        gallery_images: names of the gallery's images, which `candidates.reference` points to.
        padding: individuals that fill up a submission.
    """

    images: np.ndarray
    candidates: Candidates
    threshold: float
    p_new: np.ndarray
    gallery_images: np.ndarray
    padding: list[str]

    def ids(self) -> list[list[str]]:
        """Five ids for each query, as a submission wants them."""
        rows = zip(self.candidates.individual_id, self.candidates.score, strict=True)
        return [
            pad(insert_new(ids, scores, self.threshold)[:IDS], self.padding) for ids, scores in rows
        ]

    def table(self, ranks: int) -> pd.DataFrame:
        """`predictions.csv`: image, rank, individual_id, score, p_new, reference_image.

        The score of `new_individual` is the threshold; its reference image is empty.
        """
        rows = []
        found = self.candidates
        for n, image in enumerate(self.images):
            facts = {
                identity: (score, self.gallery_images[reference])
                for identity, score, reference in zip(
                    found.individual_id[n], found.score[n], found.reference[n], strict=True
                )
                if identity
            }
            facts[NEW_INDIVIDUAL] = (self.threshold, "")
            ids = insert_new(found.individual_id[n], found.score[n], self.threshold)[:ranks]
            for rank, identity in enumerate(ids, start=1):
                score, reference = facts[identity]
                rows.append((image, rank, identity, f"{score:.6f}", self.p_new[n], reference))
        columns = ["image", "rank", "individual_id", "score", "p_new", "reference_image"]
        return pd.DataFrame(rows, columns=columns)


def rank_queries(
    galleries: Sequence[Embeddings],
    queries: Sequence[Embeddings],
    member_folds: Sequence[int],
    folds: dict[str, int],
    *,
    preset: str,
    engine: str,
    candidates: int,
    threshold: float | None,
    new_share: float,
) -> Ranking:
    """Rank queries by an ensemble of models, each trained without one fold.

    Args:
        galleries: each member's embeddings of the catalogue.
        queries: each member's embeddings of the images to identify.
        member_folds: the fold each member did not train on.
        folds: fold of each catalogue image.
        preset: `seed` for the original notebook's rules, else `default`.
        engine: `numpy` or `sklearn`.
        candidates: individuals kept for each query.
        threshold: for `new_individual`; None: from the members' own validation folds, so that no
            model is asked about an image it trained on.
        new_share: weight of new individuals in choosing it.

    Raises:
        InputError: a member's gallery and queries were not embedded by the same model.
    """
    for gallery, query in zip(galleries, queries, strict=True):
        if gallery.about != query.about:
            raise InputError(
                "The embeddings of the catalogue and of the images to identify come from "
                "different models: run embed again."
            )
    seed = preset == "seed"
    search = SEARCHES["seed" if seed else engine]
    join = concatenate_raw if seed else concatenate
    scored = [
        _out_of_fold(gallery, fold, folds, search)
        for gallery, fold in zip(galleries, member_folds, strict=True)
    ]
    ids, scores = (np.concatenate([part[n] for part in scored]) for n in (0, 1))
    truth = [answer for part in scored for answer in part[2]]
    if threshold is None:
        choose = grid_threshold if seed else best_threshold
        threshold = choose(ids, scores, truth, new_share)
    gallery, query = join(list(galleries)), join(list(queries))
    found = search(query.embedding, gallery.embedding, gallery.individual_id, candidates)
    is_new = np.array([answer == NEW_INDIVIDUAL for answer in truth], dtype=bool)
    pad_with = seed_padding if seed else most_frequent
    return Ranking(
        images=query.image,
        candidates=found,
        threshold=threshold,
        p_new=new_probability(found.score[:, 0], scores[:, 0], is_new),
        gallery_images=gallery.image,
        padding=pad_with(list(gallery.individual_id)),
    )


def _out_of_fold(
    gallery: Embeddings, fold: int, folds: dict[str, int], search
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Candidate ids [n, 5], scores [n, 5] and truth of a member's validation images."""
    held_out = np.array([folds[image] == fold for image in gallery.image], dtype=bool)
    known, asked = gallery.take(~held_out), gallery.take(held_out)
    found = search(asked.embedding, known.embedding, known.individual_id, IDS)
    truth = with_new(asked.individual_id, known.individual_id)
    return found.individual_id, found.score, truth
