"""What a split that ignores days would promise: the same questions with and without their burst."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.combine import scores_of_images
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.submission import ANSWERS
from tf_happywhale.retrieval.teaching.individual_scores import individual_scores, ordered

CELLS = 2**24  # scores of images in memory at a time


def several_in_a_burst(bursts: np.ndarray) -> bool:
    """Return whether some burst has two images, so that a split can tear one apart."""
    return len(set(bursts.tolist())) < len(bursts)


def naive_split(
    gallery: LabelledGallery, weights: Sequence[float], bursts: np.ndarray, rank: Rank
) -> dict:
    """Ask each fold's images of all other images, by the models that were not trained on the fold:
    once with the rest of their burst among the answers, as where a split ignores days, and once
    without it.

    The questions are the images whose individual has an image in another burst, so both can be
    answered. All images are in the gallery, those of the other folds and those of the same fold.

    Args:
        gallery: of the members that rank.
        weights: theirs.
        bursts: of the gallery's images, text [n].
        rank: how scores are made; mirrored pictures count as they do where they are joined.

    Returns:
        mAP@5 `naive` and `honest`, the number of `queries`, and whether no burst is in two folds
        (`kept`). Empty if there are no questions.
    """
    _, burst = np.unique(bursts, return_inverse=True)
    _, who = np.unique(gallery.individual_ids, return_inverse=True)
    asked = _other_bursts(who, burst)
    found = [
        _precision(gallery, fold, weights, who, burst, asked, rank)
        for fold in gallery.judged
        if (gallery.inside(fold) & asked).any()
    ]
    if not found:
        return {}
    naive, honest, rows = (np.concatenate(column) for column in zip(*found, strict=True))
    pieces = np.unique(np.stack([burst, gallery.folds]), axis=1).shape[1]
    return {
        "naive": float(naive.mean()),
        "honest": float(honest.mean()),
        "queries": len(rows),
        "kept": bool(pieces == burst.max() + 1),
    }


def _other_bursts(who: np.ndarray, burst: np.ndarray) -> np.ndarray:
    """Return which images show an individual that another burst shows too, bool [n]."""
    pairs = np.unique(np.stack([who, burst]), axis=1)
    return np.bincount(pairs[0], minlength=who.max(initial=-1) + 1)[who] > 1


def _precision(
    gallery: LabelledGallery,
    fold: int,
    weights: Sequence[float],
    who: np.ndarray,
    burst: np.ndarray,
    asked: np.ndarray,
    rank: Rank,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the average precision@5 of a fold's questions, naive and honest, and their rows."""
    members = gallery.judges(fold)
    own = gallery.embeddings.only(members)
    rows = np.flatnonzero(gallery.inside(fold) & asked)
    scores = scores_of_images(
        own.take(rows), own, gallery.individual_ids.tolist(), [weights[n] for n in members], rank
    )
    order = np.argsort(who, kind="stable")  # an individual's images follow another
    step = max(1, CELLS // len(who))
    parts = []
    for start in range(0, len(rows), step):
        mine = rows[start : start + step]
        score = scores(np.arange(start, start + len(mine)))[:, order].astype(np.float64)
        each = []
        for out in (mine[:, None] == order, burst[mine][:, None] == burst[order]):
            score[out] = -np.inf
            best = individual_scores(score, who[order], rank.best_of)
            place = ordered(best, None, who[mine], 1)[1]
            each.append(np.where(place < ANSWERS, 1 / (place + 1), 0.0))
        parts.append(each)
    naive, honest = (np.concatenate(column) for column in zip(*parts, strict=True))
    return naive, honest, rows
