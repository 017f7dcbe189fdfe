"""What a gallery teaches about the candidates behind the best one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tf_happywhale.retrieval.new_individual.ratings import (
    NOBODY,
    Shares,
    equal_shares,
    fit_shares,
)
from tf_happywhale.retrieval.ranking.learned import Learned
from tf_happywhale.retrieval.teaching.questions import NAMED, Questions
from tf_happywhale.retrieval.teaching.taught import ENOUGH_FOR_NUMBERS


def learned_shares(questions: Questions, learned: Learned) -> Shares:
    """Return how candidates behind the best one share what is left: as the gallery's own questions
    say, or equally if these are of too few individuals."""
    everyone = questions.gallery_individuals
    known = questions.take(questions.known)
    individuals = len(set(known.individual_ids.tolist()))
    if individuals < ENOUGH_FOR_NUMBERS:
        return equal_shares(min(NAMED, everyone), everyone)
    right = known.ids == known.individual_ids[:, None]
    place = np.where(right.any(axis=1), right.argmax(axis=1), known.ids.shape[1])
    weights = np.full(len(known), individuals / len(known))
    found = fit_shares(learned.line.standard(known.score), place, weights)
    return replace(found, rest=NOBODY) if everyone <= NAMED else found
