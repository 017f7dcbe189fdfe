"""A gallery asked about its own images: each of the others that were not taken together with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.left_out import with_left_out
from tf_happywhale.retrieval.ensemble.out_of_fold import OutOfFold
from tf_happywhale.retrieval.ensemble.standard_scores import Line
from tf_happywhale.retrieval.search.same_side import Sides, prefer_same_side, sides_of
from tf_happywhale.retrieval.search.scored import Scores, cosines
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
        sightings: int64 [q], encounters in which that individual was photographed, the image's own
            included.
        gallery_individuals, gallery_images: how many there are.
    """

    ids: np.ndarray
    score: np.ndarray
    row: np.ndarray
    individual_ids: np.ndarray
    left: np.ndarray
    rank: np.ndarray
    sightings: np.ndarray
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
        names = ("ids", "score", "row", "individual_ids", "left", "rank", "sightings")
        return replace(self, **{name: getattr(self, name)[kept] for name in names})

    def both(self, line: Line) -> OutOfFold:
        """Return the questions as known ones, where that can be asked; and all of them as new ones,
        with their individual left out of the gallery; see `with_left_out`.

        Args:
            line: from scores to standardised ones.
        """
        truth = np.where(self.known, self.individual_ids, NEW_INDIVIDUAL).astype(np.str_)
        standard = line.standard(self.score)
        once = OutOfFold(self.ids, standard, self.score, truth, self.individual_ids)
        return with_left_out(once)


def ask(
    gallery: Embeddings,
    scores: Scores | None = None,
    asked: np.ndarray | None = None,
    *,
    best_of: int = 1,
    same_side: bool = True,
    most: int = MOST,
) -> Questions:
    """Ask a gallery about its own images, exactly as it is asked about new photographs.

    Args:
        gallery: with the columns encounter, date, content and viewpoint, as far as they are known.
        scores: of the gallery's images for some of them, [b] → float32 [b, m], higher is better;
            NaN or −inf where two were not compared. None: the cosine of their embeddings.
        asked: bool [m], which images may be asked about; None: all.
        best_of: an individual's score is the mean over this number of its best images.
        same_side: individuals known from the image's side come first, see `same_side.py`.
        most: questions; of more images so many are drawn, always the same.
    """
    rows = np.arange(len(gallery)) if asked is None else np.flatnonzero(asked)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, most, replace=False))
    if scores is None:
        own = gallery.stack()
        scores = cosines(own, own)
    sides = sides_of(gallery, gallery) if same_side else None
    answers = _Answers(gallery, scores, best_of, sides if sides and sides.matter else None)
    parts = [answers.empty]
    step = max(1, CELLS // max(len(gallery), 1))
    for start in range(0, len(rows), step):
        parts.append(answers.of(rows[start : start + step]))
    ids, score, left, rank = (np.concatenate(column) for column in zip(*parts, strict=True))
    sightings = answers.together.sightings(answers.who)[rows]
    who, count = gallery.individual_id[rows], len(answers.ids)
    return Questions(ids, score, rows, who, left, rank, sightings, count, len(gallery))


class _Answers:
    """The individuals of a gallery, ranked for its own images.

    Args:
        gallery, scores, best_of: see `ask`.
        sides: None: they do not count.
    """

    def __init__(
        self, gallery: Embeddings, scores: Scores, best_of: int, sides: Sides | None
    ) -> None:
        self.ids, self.who = np.unique(gallery.individual_id, return_inverse=True)
        self.order = np.argsort(self.who, kind="stable")  # an individual's images follow another
        self.scores, self.best_of, self.sides = scores, best_of, sides
        self.together = same_encounter(gallery)
        self.k = min(NAMED, max(len(self.ids), 1))

    @property
    def empty(self) -> tuple[np.ndarray, ...]:
        """What `of` returns for no image."""
        nothing = np.zeros(0, np.int64)
        return np.zeros((0, self.k), np.str_), np.zeros((0, self.k)), nothing, nothing

    def of(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return ids, score, left and rank of the questions about some images."""
        who, own = self.who[self.order], self.who[rows]
        out = self.together.mask(rows, self.order)
        left = np.count_nonzero((who == own[:, None]) & ~out, axis=1)
        score = self.scores(rows)[:, self.order]
        score, behind = np.where(out | ~np.isfinite(score), -np.inf, score), None
        if self.sides is not None:
            behind = prefer_same_side(score, self.sides.other(rows)[:, self.order], who)[1]
        found = individual_scores(score, who, self.best_of)
        place, rank = ordered(found, behind, own, self.k)
        best = np.take_along_axis(found, place, 1).astype(np.float64)
        ids = np.where(np.isfinite(best), self.ids[place], "")
        return ids, best, left, np.where(left > 0, rank, -1)
