"""Whether matched pairs answer a gallery's questions about itself better than cosines alone do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.scored import Scores
from tf_happywhale.retrieval.teaching.questions import Questions, ask

ENOUGH = 20  # questions; fewer may say the opposite by chance
FIRST = 5  # candidates


@dataclass(frozen=True)
class Pays:
    """mAP@5 of a gallery's questions with an answer, by cosines alone and with matched pairs.

    Attributes:
        alone, matched: NaN if there is no question.
        questions: how many.
    """

    alone: float
    matched: float
    questions: int

    def __bool__(self) -> bool:
        """Whether matched pairs are used: also if there are too few questions to tell."""
        return self.questions < ENOUGH or self.matched >= self.alone


def matching_pays(gallery: Embeddings, fused: Scores, asked: np.ndarray, best_of: int = 1) -> Pays:
    """Ask a gallery about itself by cosines alone and by fused scores.

    Args:
        gallery: the reference images, as their embeddings are compared.
        fused: scores of its images for its own, calibrated without the individual that is asked.
        asked: bool [m], the images that were matched with others.
        best_of: see `ask`.
    """
    alone, matched = (ask(gallery, scores, asked, best_of=best_of) for scores in (None, fused))
    return Pays(_map5(alone), _map5(matched), int(alone.known.sum()))


def _map5(questions: Questions) -> float:
    rank = questions.rank[questions.known]
    return float(np.where(rank < FIRST, 1 / (1.0 + rank), 0).mean()) if len(rank) else float("nan")
