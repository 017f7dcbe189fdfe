"""Every fold's images scored by the models that were not trained on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.combine import rank_by_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.standard_scores import (
    Standard,
    line_of,
    shares_of,
    standard_of,
)
from tf_happywhale.retrieval.search.candidates import Candidates
from tf_happywhale.retrieval.search.dot_products import load_engine
from tf_happywhale.retrieval.submission import ANSWERS

SPREAD_FROM = 1024  # images of a fold from which a member's spread is measured, if others judge too

Found = tuple[Candidates, np.ndarray]  # candidates of some images, and their rows in the gallery


@dataclass(frozen=True)
class FoldScores:
    """One fold's images as queries, with the other folds' images as the gallery.

    Attributes:
        fold: the number of the fold.
        members: the members that scored it, by number.
        images: str [n].
        individual_ids: the individual in each image, also if it is new, str [n].
        candidates: of each image.
        standard: the candidates' standardised scores, float64 [n, k].
        truth: individual_id, or `new_individual` if the gallery lacks it.
    """

    fold: int
    members: tuple[int, ...]
    images: np.ndarray
    individual_ids: np.ndarray
    candidates: Candidates
    standard: np.ndarray
    truth: list[str]


@dataclass(frozen=True)
class OutOfFold:
    """Queries of all folds, each scored by models that were not trained on it.

    Attributes:
        ids: candidates str [n, k].
        standard: their standardised scores, float64 [n, k].
        score: their scores as they are, float64 [n, k].
        truth: individual_id, or `new_individual` if the other folds lack it, str [n].
        individual_ids: the individual in each image, str [n].
    """

    ids: np.ndarray
    standard: np.ndarray
    score: np.ndarray
    truth: np.ndarray
    individual_ids: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def is_new(self) -> np.ndarray:
        """Whether the query shows a new individual, bool [n]."""
        return self.truth == NEW_INDIVIDUAL

    def take(self, rows: np.ndarray) -> Self:
        """Return some of the queries, by row numbers or a mask."""
        return replace(self, **{name: column[rows] for name, column in vars(self).items()})


def score_fold(
    gallery: LabelledGallery,
    fold: int,
    members: Sequence[int],
    shares: Sequence[float],
    k: int,
    rank: Rank,
    most: int | None = None,
) -> Found:
    """Return k candidates of a fold's images by some members, and the images' rows in the gallery.

    `most` limits the number of images: they are drawn at random, for a fold always the same.

    Raises:
        InputError: one of the members was trained on images of that fold, or does not say.
    """
    for n in members:
        gallery.check_held_out(n, fold)
    inside = gallery.inside(fold)
    rows = np.flatnonzero(inside)
    if most is not None and len(rows) > most:
        # evenly spaced ones would all be alike where a catalogue repeats itself
        rows = np.sort(np.random.default_rng(fold).choice(rows, most, replace=False))
    own, known = gallery.embeddings.only(members), gallery.individual_ids[~inside].tolist()
    return rank_by_ensemble(own.take(rows), own.take(~inside), known, k, shares, rank), rows


def score_folds(
    gallery: LabelledGallery,
    weights: Sequence[float],
    k: int,
    rank: Rank,
    most: int | None = None,
    judges: Mapping[int, Sequence[int]] | None = None,
) -> tuple[list[FoldScores], list[Standard]]:
    """Return the scores of every fold on which some member was not trained, from `most` of its
    images at most, and each member's own spread there.

    A fold is scored by all the members that were not trained on it, or by those of them that
    `judges` names; see `shares_of`.

    Raises:
        InputError: a member was trained on every fold, or does not say on which.
    """
    load_engine(rank, _multiplications(gallery))
    judges = judges or {fold: gallery.judges(fold) for fold in gallery.judged}
    alone = {}
    for n, own in enumerate(gallery.held_out):
        if not own:
            raise InputError(
                f"{gallery.name(n)} was trained on every fold, so that nothing can be learned "
                "from it about new individuals: leave it out, or set rank.threshold."
            )
        for fold in own:
            shared = list(judges[fold]) != [n]  # then only the best scores are needed here
            size = (1, rank, SPREAD_FROM) if shared else (k, rank, most)
            alone[n, fold] = score_fold(gallery, fold, [n], [1.0], *size)
    standards = [
        standard_of(np.concatenate([alone[n, fold][0].score[:, 0] for fold in own]))
        for n, own in enumerate(gallery.held_out)
    ]
    scored = []
    for fold, members in judges.items():
        if len(members) == 1:
            found = alone[members[0], fold]
        else:
            shares = shares_of(members, weights, standards)
            found = score_fold(gallery, fold, members, shares, k, rank, most)
        line = line_of(members, weights, standards)
        candidates, rows = found
        scored.append(
            FoldScores(
                fold=fold,
                members=tuple(members),
                images=gallery.images[rows],
                individual_ids=gallery.individual_ids[rows],
                candidates=candidates,
                standard=line.standard(candidates.score),
                truth=gallery.truth[rows].tolist(),
            )
        )
    return scored, standards


def join_scores(scored: Sequence[FoldScores]) -> OutOfFold:
    """Return the queries of all folds together; without a fold there are none."""
    if not scored:
        scores, text = np.zeros((0, ANSWERS)), np.zeros(0, np.str_)
        return OutOfFold(scores.astype(np.str_), scores, scores, text, text)
    return OutOfFold(
        ids=np.concatenate([part.candidates.individual_id for part in scored]),
        standard=np.concatenate([part.standard for part in scored]),
        score=np.concatenate([part.candidates.score for part in scored]).astype(np.float64),
        truth=np.array([answer for part in scored for answer in part.truth], dtype=np.str_),
        individual_ids=np.concatenate([part.individual_ids for part in scored]),
    )


def _multiplications(gallery: LabelledGallery) -> float:
    """Return the work of scoring every fold by all members that were not trained on it."""
    asked = sum(
        member.embedding.shape[1] * int(gallery.inside(fold).sum())
        for member, own in zip(gallery.embeddings.members, gallery.held_out, strict=True)
        for fold in own
    )
    return float(asked) * len(gallery)
