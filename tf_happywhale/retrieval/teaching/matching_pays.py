"""Whether matched pairs answer a gallery's questions about itself better than cosines alone do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.metrics import interval, weighted_mean
from tf_happywhale.retrieval.search.scored import Scores
from tf_happywhale.retrieval.teaching.questions import Questions, ask

ENOUGH = 20  # questions; fewer may say the opposite by chance
FEWEST = 5  # individuals; drawing fewer makes an interval too narrow, of one it is a point
FIRST = 5  # candidates
SEED = 0


@dataclass(frozen=True)
class Pays:
    """mAP@5 of a gallery's questions with an answer, by cosines alone and with matched pairs.

    Attributes:
        alone, matched: NaN if there is no question.
        questions: how many.
        low, high: 95% interval of the gain, a paired bootstrap that draws whole individuals; NaN
            if there are fewer than `FEWEST`.
        seen: whether the model was trained on the gallery's individuals.
    """

    alone: float
    matched: float
    questions: int
    low: float = float("nan")
    high: float = float("nan")
    seen: bool = False

    @property
    def gain(self) -> float:
        """By how much matched pairs answer better."""
        return self.matched - self.alone

    def __bool__(self) -> bool:
        """Whether matched pairs are used.

        A model that has never seen these animals hardly tells them apart, so matching is left out
        only if enough questions are answered worse with it. A model that has learned these animals
        does without, unless it is certain that matching adds to it.
        """
        if self.seen:
            return self.questions >= ENOUGH and self.low > 0
        return self.questions < ENOUGH or self.matched >= self.alone


def matching_pays(
    gallery: Embeddings,
    fused: Scores,
    asked: np.ndarray,
    best_of: int = 1,
    seen: bool = False,
) -> Pays:
    """Ask a gallery about itself by cosines alone and by fused scores.

    Args:
        gallery: the reference images, as their embeddings are compared.
        fused: scores of its images for its own, calibrated without the individual that is asked.
        asked: bool [m], the images that were matched with others; of a model that has seen the
            gallery's individuals only images that it was not trained on.
        best_of: see `ask`.
        seen: see `Pays`.
    """
    both = [ask(gallery, scores, asked, best_of=best_of) for scores in (None, fused)]
    alone, matched = map(precision_of, both)
    if not len(alone):
        return Pays(float("nan"), float("nan"), 0, seen=seen)
    gain, who = matched - alone, both[0].individual_ids[both[0].known].tolist()
    low = high = float("nan")
    if len(set(who)) >= FEWEST:
        low, high = interval(lambda weights: weighted_mean(gain, weights), who, SEED)
    return Pays(float(alone.mean()), float(matched.mean()), len(alone), low, high, seen)


def precision_of(questions: Questions) -> np.ndarray:
    """Return 1/rank of the right answer among the first five of each known question, or 0:
    float64 [q]."""
    rank = questions.rank[questions.known]
    return np.where(rank < FIRST, 1 / (1.0 + rank), 0)
