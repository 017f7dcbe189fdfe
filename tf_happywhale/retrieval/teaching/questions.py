"""A gallery asked about its own images: each of the others that were not taken together with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.out_of_fold import OutOfFold
from tf_happywhale.retrieval.ensemble.standard_scores import Line
from tf_happywhale.retrieval.search.joined_rows import Stack, stack
from tf_happywhale.retrieval.teaching.individual_scores import individual_scores, ordered
from tf_happywhale.retrieval.teaching.same_encounter import same_encounter

MOST = 4096  # questions; more teach little more, and take longer
NAMED = 22  # candidates of a question: 20 to look at, one more without its own individual, a second
CELLS = 2**24  # scores of images in memory at a time
SEED = 0x7EAC


@dataclass(frozen=True)
class Questions:
    """Images of a gallery, each asked of the others without its encounter.

    Attributes:
        ids: candidates str [q, k], best first, the right individual among them if it has an image
            left; empty if there are fewer than k.
        score: float64 [q, k]; −inf where there is no candidate.
        row: int64 [q], the gallery's row of the image.
        individual_ids: str [q], the individual in it.
        left: int64 [q], images of that individual that could answer; 0: only a new individual can
            be asked.
        rank: int64 [q], individuals before the right one; where it was compared with none of the
            images left, all the others. −1 if it has no image left.
        gallery_individuals, gallery_images: how many there are.
    """

    ids: np.ndarray
    score: np.ndarray
    row: np.ndarray
    individual_ids: np.ndarray
    left: np.ndarray
    rank: np.ndarray
    gallery_individuals: int
    gallery_images: int

    def __len__(self) -> int:
        return len(self.row)

    @property
    def known(self) -> np.ndarray:
        """Whether the gallery can answer without the question's encounter, bool [q]."""
        return self.left > 0

    def take(self, kept: np.ndarray) -> Self:
        """Return some of the questions, by number or a mask."""
        names = ("ids", "score", "row", "individual_ids", "left", "rank")
        return replace(self, **{name: getattr(self, name)[kept] for name in names})

    def both(self, line: Line) -> OutOfFold:
        """Return the questions as known ones, where that can be asked; and all of them as new ones,
        with their individual left out of the gallery.

        An individual's score does not depend on the others. So a new question's candidates are the
        known one's without the right individual.

        Args:
            line: from scores to standardised ones.
        """
        known = self.take(self.known)
        ids, score = _without_own(self)
        k = ids.shape[1]
        everything = np.concatenate([known.score[:, :k], score])
        return OutOfFold(
            ids=np.concatenate([known.ids[:, :k], ids]),
            standard=line.standard(everything),
            score=everything,
            truth=np.concatenate([known.individual_ids, np.full(len(self), NEW_INDIVIDUAL)]).astype(
                np.str_
            ),
            individual_ids=np.concatenate([known.individual_ids, self.individual_ids]),
        )


def ask(
    gallery: Embeddings, best_of: int = 1, asked: np.ndarray | None = None, most: int = MOST
) -> Questions:
    """Ask a gallery about its own images by the cosine of their embeddings, exactly.

    Args:
        gallery: with the columns encounter, date and content, as far as they are known.
        best_of: an individual's score is the mean over this number of its best images.
        asked: bool [m], which images may be asked about; None: all.
        most: questions; of more images so many are drawn, always the same.
    """
    rows: Stack | None = stack([gallery.embedding]) if len(gallery) else None
    whole = rows.tile(slice(None)) if rows is not None else np.zeros((0, 1), np.float32)
    return _ask(gallery, lambda some: whole[some] @ whole.T, best_of, asked, most)


def ask_scores(
    score: np.ndarray,
    gallery: Embeddings,
    best_of: int = 1,
    asked: np.ndarray | None = None,
    most: int = MOST,
) -> Questions:
    """Ask a gallery about its own images by scores that were computed already.

    Args:
        score: float32 [m, m], of image (column) for question (row), higher is better; NaN or −inf
            where the two were not compared.
        gallery, best_of, asked, most: see `ask`.

    Raises:
        InputError: the scores are not of this gallery's images.
    """
    if score.shape != (len(gallery), len(gallery)):
        raise InputError(
            f"There are scores of {' × '.join(map(str, score.shape))} images, but the gallery has "
            f"{len(gallery)}: compare the gallery with itself again."
        )
    return _ask(gallery, lambda some: score[some], best_of, asked, most)


def _ask(
    gallery: Embeddings,
    scores: Callable[[np.ndarray], np.ndarray],
    best_of: int,
    asked: np.ndarray | None,
    most: int,
) -> Questions:
    rows = np.arange(len(gallery)) if asked is None else np.flatnonzero(asked)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, most, replace=False))
    ids, who = np.unique(gallery.individual_id, return_inverse=True)
    order = np.argsort(who, kind="stable")
    together, sorted_who = same_encounter(gallery), who[order]
    k, step = min(NAMED, max(len(ids), 1)), max(1, CELLS // max(len(gallery), 1))
    parts = []
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        out = together.mask(some)[:, order]
        score = scores(some)[:, order]
        score = np.where(out | ~np.isfinite(score), -np.inf, score)
        found = individual_scores(score, sorted_who, best_of)
        own = who[some]
        left = np.count_nonzero((sorted_who == own[:, None]) & ~out, axis=1)
        place, rank = ordered(found, own, k)
        best = np.take_along_axis(found, place, 1).astype(np.float64)
        named = np.where(np.isfinite(best), ids[place], "") if len(ids) else place.astype(np.str_)
        parts.append((named, best, left, np.where(left > 0, rank, -1)))
    empty = (np.zeros((0, k), np.str_), np.zeros((0, k)), *np.zeros((2, 0), np.int64))
    columns = [np.concatenate(column) for column in zip(empty, *parts, strict=True)]
    named, best, left, rank = columns
    return Questions(
        named, best, rows, gallery.individual_id[rows], left, rank, len(ids), len(gallery)
    )


def _without_own(questions: Questions) -> tuple[np.ndarray, np.ndarray]:
    """Return the candidates and scores [q, k − 1] without the right individual; without it nobody
    moves up behind the last one."""
    is_own = questions.ids == questions.individual_ids[:, None]
    order = np.argsort(is_own, axis=1, kind="stable")  # one's own goes last
    k = max(questions.ids.shape[1] - 1, 1)
    ids = np.where(is_own, "", questions.ids)
    score = np.where(is_own, -np.inf, questions.score)
    pair = (np.take_along_axis(part, order, 1)[:, :k] for part in (ids, score))
    return next(pair), next(pair)
