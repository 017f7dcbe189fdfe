"""What a gallery's own images have taught: where `new_individual` goes, P(new), and misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.out_of_fold import OutOfFold
from tf_happywhale.retrieval.ensemble.standard_scores import (
    Line,
    line_of,
    line_of_odds,
    standard_of,
)
from tf_happywhale.retrieval.new_individual.placing import placing_lead
from tf_happywhale.retrieval.new_individual.probability import (
    Logistic,
    NewProbability,
    fit_logistic,
    fit_new_probability,
    one_minus_cosine,
    predict_by_parts,
    worth,
)
from tf_happywhale.retrieval.new_individual.reliability import (
    expected_calibration_error,
    reliability,
)
from tf_happywhale.retrieval.new_individual.telling import Telling, telling
from tf_happywhale.retrieval.new_individual.thresholds import LOWEST, best_threshold
from tf_happywhale.retrieval.ranking.learned import Learned, learned_of
from tf_happywhale.retrieval.teaching.misses import Missed, misses
from tf_happywhale.retrieval.teaching.questions import Questions

# Galleries of right whales were cut down to k individuals, and tried on other photographs (`make
# bench-teaching`). From 5 on the threshold orders as well as new_individual always second, from 16
# on better; if more are new than rank.new_share says, it is far better. From 8 on about nine of ten
# galleries' P(new) beats the plain share of new ones; of 5, half do.
ENOUGH_TO_ORDER = 5
ENOUGH_FOR_NUMBERS = 8
AS_THEY_ARE = Line(1.0, 0.0)


@dataclass(frozen=True)
class Calibration:
    """How far P(new) can be believed: each part of the individuals is predicted by the others.

    Attributes:
        error: expected calibration error, the questions weighted so that `rank.new_share` are new.
        auroc: of telling known from new questions by P(new).
        curve: see `reliability`.
    """

    error: float
    auroc: float
    curve: Sequence[dict]


@dataclass(frozen=True)
class Taught:
    """What a gallery's own images have taught.

    Attributes:
        learned: threshold, P(new) and P(right), as a model's own catalogue would teach them. P(new)
            and P(right) are NaN if there are too few individuals.
        misses: what is missed by a person who looks at the first N candidates.
        questions, individuals: how many images could be asked as known ones, and of how many
            individuals: all of the numbers rest on these.
        gallery_images, gallery_individuals: how many there are.
        calibration: of P(new), out of sample; None if there is no P(new).
    """

    learned: Learned
    misses: Sequence[Missed]
    questions: int
    individuals: int
    gallery_images: int
    gallery_individuals: int
    calibration: Calibration | None = None

    @property
    def orders(self) -> bool:
        """Whether the threshold comes from the gallery; otherwise `new_individual` is second."""
        return self.individuals >= ENOUGH_TO_ORDER

    @property
    def gives_numbers(self) -> bool:
        """Whether there is a P(new)."""
        return self.individuals >= ENOUGH_FOR_NUMBERS

    @property
    def recall(self) -> dict[int, float]:
        """Share of the known questions whose individual is among the first k candidates, by k."""
        return {one.candidates: 1 - one.share for one in self.misses}


def teach(
    questions: Questions,
    rank: Rank,
    shares: Sequence[float] = (1.0,),
    photographs: int | None = None,
    by_cosine: Questions | None = None,
) -> Taught:
    """Learn from a gallery's questions about itself.

    Args:
        questions: see `ask`.
        rank: `new_share`, the share of new individuals that the threshold and P(new) are for.
        shares: each model's share of the score, see `taught_shares`.
        photographs: that will be identified; the intervals of `misses` are for so many.
        by_cosine: the same questions by cosines alone, if the scores are probabilities of matched
            pairs; None: they are cosines.
    """
    known = questions.take(questions.known)
    individuals = len(set(known.individual_ids.tolist()))
    best = questions.score[:, 0]
    matched = by_cosine is not None
    line = line_of_odds(best) if matched else line_of([0], [1.0], [standard_of(best)])
    seen = questions.both(line)
    beside = by_cosine.both(AS_THEY_ARE).score[:, 0] if matched else None
    threshold = dict.fromkeys(("first_or_second", "column"), LOWEST)
    if individuals >= ENOUGH_TO_ORDER:
        answers = seen.ids, seen.standard, seen.truth, rank.new_share
        threshold = {
            mode: line.score(best_threshold(*answers, mode == "column")) for mode in threshold
        }
    new, wrong, calibration = NewProbability(Logistic(None)), Logistic(None), None
    if individuals >= ENOUGH_FOR_NUMBERS:
        who = seen.individual_ids
        weights = worth(seen.is_new, who, rank.new_share)
        new = fit_new_probability(seen.standard, seen.score, seen.is_new, who, weights, beside)
        needed = placing_lead(new, seen.ids, seen.standard, seen.truth, who, rank.new_share)
        if needed is not None and not line.odds:  # a rule's lead is one of scores
            threshold["p_new"] = needed / line.slope
        wrong = fit_logistic(seen.standard, seen.ids[:, 0] != seen.truth, weights)
    told = _telling(seen, new, beside) if individuals >= ENOUGH_TO_ORDER else None
    if individuals >= ENOUGH_FOR_NUMBERS:
        calibration = _calibration(seen, new, weights, told, beside)
    return Taught(
        learned=learned_of(shares, threshold, line, seen, new, wrong, told),
        misses=misses(questions, photographs),
        questions=len(known),
        individuals=individuals,
        gallery_images=questions.gallery_images,
        gallery_individuals=questions.gallery_individuals,
        calibration=calibration,
    )


def _telling(seen: OutOfFold, new: NewProbability, beside: np.ndarray | None) -> Telling | None:
    """Return how well P(new) tells known from new questions; if there is none, the best score."""
    p_new = new(seen.standard, seen.score, beside)
    looks_new = -seen.score[:, 0] if np.isnan(p_new).any() else p_new
    return telling(looks_new, seen.is_new, seen.individual_ids)


def _calibration(
    seen: OutOfFold,
    new: NewProbability,
    weights: np.ndarray,
    told: Telling | None,
    beside: np.ndarray | None,
) -> Calibration:
    is_new = seen.is_new
    p_new = one_minus_cosine(seen.score)
    if new.calibrated:
        features = new.regression.features
        asked = seen.standard, is_new, seen.individual_ids
        p_new = predict_by_parts(*asked, weights, features, beside)
    return Calibration(
        error=expected_calibration_error(p_new, is_new, weights=weights),
        auroc=told.auroc if told else float("nan"),
        curve=reliability(p_new, is_new, weights=weights),
    )
