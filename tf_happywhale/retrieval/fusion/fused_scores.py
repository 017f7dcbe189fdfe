"""Scores of gallery images for questions, from cosines and matched pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.fusion.calibration import Calibration
from tf_happywhale.retrieval.fusion.cohorts import Cohort, unusual
from tf_happywhale.retrieval.fusion.compared import Compared
from tf_happywhale.retrieval.fusion.evidence import Usual, inputs_of
from tf_happywhale.retrieval.search.joined_rows import Stack


@dataclass(frozen=True)
class FusedScores:
    """Scores of a gallery's images for questions, made when they are needed.

    Attributes:
        questions: their embeddings [n, d].
        gallery: the gallery's [m, d].
        compared: the pairs that were matched.
        asked, known: what is usual for the questions, and for the gallery's images.
        calibrations: that are used.
        which: int64 [n], the calibration of each question.
    """

    questions: Stack
    gallery: Stack
    compared: Compared
    asked: Usual
    known: Usual
    calibrations: Sequence[Calibration]
    which: np.ndarray

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return scores float32 [b, m] of the gallery's images for some questions, in 0 to 1,
        higher is better.

        The score of a matched pair is the calibrated probability of one individual. Images that
        were not matched with a question stand behind those that were, by their calibrated cosine.
        """
        cosine = self.questions.tile(rows) @ self.gallery.tile(slice(None)).T
        scores = np.empty(cosine.shape, np.float32)
        for number, calibration in enumerate(self.calibrations):
            mine = np.flatnonzero(self.which[rows] == number)
            if len(mine):
                scores[mine] = self._fused(calibration, cosine[mine], rows[mine])
        return scores

    def _fused(self, calibration: Calibration, cosine: np.ndarray, rows: np.ndarray) -> np.ndarray:
        question, image, features = self.compared.of(rows)
        asked, own = self.asked.of(rows), self.known.cosine
        matched = calibration.of_matched(
            inputs_of(cosine[question, image], features, asked.of(question), self.known.of(image))
        )
        lowest = np.ones(len(rows))
        np.minimum.at(lowest, question, matched)
        across = Cohort(own.mean.T, own.deviation.T)
        scores = calibration.of_cosine(unusual(cosine, asked.cosine, across)) * lowest[:, None]
        scores[question, image] = matched
        return scores
