"""The pairs of questions and gallery images that were matched, with their features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Compared:
    """Features of the matched pairs, question by question.

    Attributes:
        start: int64 [n + 1], where each question's pairs begin.
        image: int64 [p], the gallery's row, ascending within a question.
        features: float32 [p, f]; NaN where a picture could not be read.
    """

    start: np.ndarray
    image: np.ndarray
    features: np.ndarray

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def question(self) -> np.ndarray:
        """The question of each pair, int64 [p]."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the pairs of some questions: which of `rows` each belongs to int64 [q], its image
        int64 [q], and its features [q, f]."""
        counts = np.diff(self.start)[rows]
        places = np.repeat(self.start[rows] - np.cumsum(counts) + counts, counts)
        places = places + np.arange(counts.sum())
        return np.repeat(np.arange(len(rows)), counts), self.image[places], self.features[places]


def compared(questions: int, pairs: np.ndarray, features: np.ndarray) -> Compared:
    """Return matched pairs by question.

    Args:
        questions: how many there are.
        pairs: question and gallery row, int64 [p, 2], in any order, each once.
        features: float32 [p, f].
    """
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    counts = np.bincount(pairs[:, 0], minlength=questions)
    start = np.concatenate([[0], np.cumsum(counts)])
    return Compared(start, pairs[order, 1], features[order])
