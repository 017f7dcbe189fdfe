"""Every fold's images scored by the models that did not train on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tf_happywhale.catalogue.animals.individuals import with_new
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.combine import rank_by_ensemble
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.trained_on import check_held_out, held_out_folds
from tf_happywhale.retrieval.search.candidates import Candidates
from tf_happywhale.retrieval.search.dot_products import load_engine

SPREAD_FROM = 1024  # images of a fold tell a member's spread, where others judge the fold with it
LEARN_FROM = 4096  # images of a fold teach a threshold: three folds' outnumber one of Happywhale's


@dataclass(frozen=True)
class Standard:
    """How a member's scores spread on the folds it has not seen.

    Attributes:
        mean: of its best scores of those images.
        deviation: their standard deviation.
    """

    mean: float
    deviation: float


@dataclass(frozen=True)
class Line:
    """From an ensemble's score to standard deviations above the mean: `slope·score − offset`."""

    slope: float
    offset: float

    def standard(self, score: np.ndarray) -> np.ndarray:
        """Standardised scores."""
        return self.slope * score - self.offset

    def score(self, standard: float) -> float:
        """The score that has this standardised one."""
        return (standard + self.offset) / self.slope


@dataclass(frozen=True)
class FoldScores:
    """One fold's images as queries, the other folds' as gallery.

    Attributes:
        fold: which.
        members: who scored it, by number.
        images: str [n].
        individual_ids: who is in them, also where nobody else's gallery knows it, str [n].
        candidates: of each.
        standard: the candidates' scores standardised, float64 [n, k].
        truth: individual_id, or `new_individual` where the gallery lacks it.
    """

    fold: int
    members: tuple[int, ...]
    images: np.ndarray
    individual_ids: np.ndarray
    candidates: Candidates
    standard: np.ndarray
    truth: list[str]


def score_fold(
    gallery: EnsembleEmbeddings,
    individual_ids: np.ndarray,
    folds: Mapping[str, int],
    fold: int,
    members: Sequence[int],
    shares: Sequence[float],
    *,
    k: int,
    rank: Rank,
    most: int | None = None,
) -> tuple[Candidates, np.ndarray]:
    """Candidates of a fold's images by some members, and those images' places in the gallery; of
    `most` images at most, drawn at random and for a fold always the same.

    Raises:
        InputError: one of the members was trained on images of that fold, or does not say.
    """
    for n in members:
        about = gallery.members[n].about
        check_held_out(_name(gallery, n), about.get("trained_on", ""), fold, folds)
    held_out = _held_out(gallery, folds, fold)
    rows = np.flatnonzero(held_out)
    if most is not None and len(rows) > most:
        # evenly spaced ones would all be alike where a catalogue repeats itself
        rows = np.sort(np.random.default_rng(fold).choice(rows, most, replace=False))
    side = gallery.only(members)
    known = np.asarray(individual_ids)[~held_out].tolist()
    found = rank_by_ensemble(side.take(rows), side.take(~held_out), known, k, shares, rank)
    return found, rows


def held_out_of(gallery: EnsembleEmbeddings, folds: Mapping[str, int]) -> list[list[int]]:
    """For each member the folds it has not seen; errors: see `held_out_folds`."""
    return [
        held_out_folds(_name(gallery, n), member.about.get("trained_on", ""), folds)
        for n, member in enumerate(gallery.members)
    ]


def mark_unseen(
    gallery: EnsembleEmbeddings, individual_ids: Sequence[str], folds: Mapping[str, int]
) -> EnsembleEmbeddings:
    """The gallery with `unseen`: individuals of whom a member was trained on no image."""
    ids = np.asarray(individual_ids, dtype=np.str_)
    fold = np.array([folds[image] for image in gallery.images.tolist()])
    trained = [ids[~np.isin(fold, own)] for own in held_out_of(gallery, folds)]
    return replace(gallery, unseen=tuple(~np.isin(ids, seen) for seen in trained))


def may_judge(gallery: EnsembleEmbeddings, folds: Mapping[str, int]) -> bool:
    """Whether every member has a fold it has not seen, and says so."""
    try:
        return all(held_out_of(gallery, folds))
    except InputError:
        return False


def untold(gallery: EnsembleEmbeddings) -> list[int]:
    """The members whose embeddings do not say what the model was trained on, such as those of other
    programs. Nothing can be learned from them about new individuals."""
    return [n for n, one in enumerate(gallery.members) if not one.about.get("trained_on")]


def score_folds(
    gallery: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    folds: Mapping[str, int],
    weights: Sequence[float],
    k: int,
    rank: Rank,
    most: int | None = None,
) -> tuple[list[FoldScores], list[Standard]]:
    """All folds that some member has not seen, `most` images at most of each, and each member's
    own spread there.

    A fold is scored by all the members that have not seen it, each with the weight
    `weight / deviation`, so that a member whose cosines happen to be spread out counts no more.

    Raises:
        InputError: a member has seen every fold, or does not say what it has seen.
    """
    individual_ids = np.asarray(individual_ids, dtype=np.str_)
    unseen = held_out_of(gallery, folds)
    load_engine(rank, _work(gallery, folds, unseen))
    alone: dict[tuple[int, int], tuple[Candidates, np.ndarray]] = {}
    standards = []
    for n, own in enumerate(unseen):
        if not own:
            raise InputError(
                f"{_name(gallery, n)} was trained on every fold, so that nothing can be learned "
                "from it about new individuals: leave it out, or set rank.threshold."
            )
        for fold in own:
            shared = sum(fold in other for other in unseen) > 1
            alone[n, fold] = score_fold(
                gallery, individual_ids, folds, fold, [n], [1.0],
                k=1 if shared else k, rank=rank, most=SPREAD_FROM if shared else most,
            )  # fmt: skip
        best = np.concatenate([alone[n, fold][0].score[:, 0] for fold in own])
        best = best[np.isfinite(best)].astype(np.float64)
        deviation = float(best.std()) if len(best) else 0.0
        standards.append(Standard(float(best.mean()) if len(best) else 0.0, deviation or 1.0))
    scored = []
    for fold in sorted({fold for own in unseen for fold in own}):
        members = [n for n, own in enumerate(unseen) if fold in own]
        if len(members) == 1:
            found, rows = alone[members[0], fold]
        else:
            shares = shares_of(members, weights, standards)
            found, rows = score_fold(
                gallery, individual_ids, folds, fold, members, shares, k=k, rank=rank, most=most
            )
        known = individual_ids[~_held_out(gallery, folds, fold)].tolist()
        line = line_of(members, weights, standards)
        scored.append(
            FoldScores(
                fold=fold,
                members=tuple(members),
                images=gallery.images[rows],
                individual_ids=individual_ids[rows],
                candidates=found,
                standard=line.standard(found.score.astype(np.float64)),
                truth=with_new(individual_ids[rows].tolist(), known),
            )
        )
    return scored, standards


def shares_of(
    members: Sequence[int], weights: Sequence[float], standards: Sequence[Standard]
) -> list[float]:
    """Each member's share of an ensemble's score: its weight over its deviation."""
    return [weights[n] / standards[n].deviation for n in members]


def line_of(
    members: Sequence[int], weights: Sequence[float], standards: Sequence[Standard]
) -> Line:
    """From the score of these members' ensemble to the weighted mean of their standardised scores:
    Σ w·(s − mean)/deviation ÷ Σ w, where the ensemble's score is Σ s·w/deviation ÷ Σ w/deviation.
    """
    shares, total = shares_of(members, weights, standards), sum(weights[n] for n in members)
    offset = sum(share * standards[n].mean for n, share in zip(members, shares, strict=True))
    return Line(sum(shares) / total, offset / total)


def _work(
    gallery: EnsembleEmbeddings, folds: Mapping[str, int], unseen: Sequence[Sequence[int]]
) -> float:
    """Multiplications of scoring every fold by all that have not seen it."""
    images = Counter(folds[image] for image in gallery.images.tolist())
    widths = [member.embedding.shape[1] for member in gallery.members]
    asked = sum(
        width * images[fold] for width, own in zip(widths, unseen, strict=True) for fold in own
    )
    return float(asked) * len(gallery)


def _held_out(gallery: EnsembleEmbeddings, folds: Mapping[str, int], fold: int) -> np.ndarray:
    """Which of the gallery's images lie in a fold, bool [n]."""
    return np.array([folds[image] == fold for image in gallery.images.tolist()], dtype=bool)


def _name(gallery: EnsembleEmbeddings, member: int) -> str:
    about = gallery.members[member].about
    return f"Model {member + 1}" + (f" (fold {about['fold']})" if about.get("fold") else "")
