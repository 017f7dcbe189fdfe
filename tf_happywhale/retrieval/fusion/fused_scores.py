"""Scores of gallery images for questions, from cosines and matched pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.fusion.calibration import Calibration
from tf_happywhale.retrieval.fusion.compared import Compared
from tf_happywhale.retrieval.search.joined_rows import Stack


@dataclass(frozen=True)
class FusedScores:
    """Scores of a gallery's images for questions, made when they are needed.

    Attributes:
        questions: their embeddings [n, d].
        gallery: the gallery's [m, d].
        compared: the pairs that were matched.
        calibrations: that are used.
        which: int64 [n], the calibration of each question.
    """

    questions: Stack
    gallery: Stack
    compared: Compared
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
        matched = calibration.of_matched(cosine[question, image], features)
        lowest = np.ones(len(rows))
        np.minimum.at(lowest, question, matched)
        scores = calibration.of_cosine(cosine) * lowest[:, None]
        scores[question, image] = matched
        return scores
