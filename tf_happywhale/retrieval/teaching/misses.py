"""How many matches a person misses who looks at the first N candidates, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.teaching.questions import Questions

LOOKS = (1, 5, 10, 20)  # candidates that a person looks at
DRAWS = 4000
SEED = 0x3155


@dataclass(frozen=True)
class Missed:
    """What is missed by a person who looks at the first candidates of each photograph.

    Attributes:
        candidates: how many a person looks at.
        share: expected share of photographs of known individuals, whose individual is not among
            them.
        low, high: 95% interval of that share among `photographs`.
        photographs: new photographs of known individuals that the interval is for; None: very many.
    """

    candidates: int
    share: float
    low: float
    high: float
    photographs: int | None = None


def misses(
    questions: Questions, photographs: int | None = None, looks: tuple[int, ...] = LOOKS
) -> list[Missed]:
    """Return the expected shares of missed matches, with 95% intervals.

    A question has lost its own encounter, as the gallery will lack that of a new photograph. If the
    new photographs are of the same individuals, as often as in the gallery, the questions' share is
    their expected share, for a gallery with one encounter less (Luntz and Brailovsky 1969).

    The images of an individual resemble each other, so individuals are drawn, by the Bayesian
    bootstrap (Rubin 1981). Among them are two that nobody has seen, half of the weight of a seen
    one each: all of one's images are missed, none of the other's. So there is an interval, too, if
    all or none of the questions are missed. Then the photographs are drawn, each by itself.

    Args:
        questions: the gallery's.
        photographs: see `Missed`; photographs of one encounter count as one.
        looks: numbers of candidates.

    Returns:
        One for each of `looks` that is smaller than the number of individuals; none without known
        questions.
    """
    known = questions.take(questions.known)
    if not len(known):
        return []
    _, who, count = np.unique(known.individual_ids, return_inverse=True, return_counts=True)
    rng = np.random.default_rng(SEED)
    weight = rng.standard_gamma(np.append(np.ones(len(count)), (0.5, 0.5)), (DRAWS, len(count) + 2))
    images = np.append(count, np.full(2, count.mean()))
    found = []
    for looked in looks:
        if looked >= questions.gallery_individuals:
            break
        missed = known.rank >= looked
        own = np.append(np.bincount(who, missed, len(count)), (0.0, count.mean()))
        share = (weight @ own) / (weight @ images)
        if photographs:
            share = rng.binomial(photographs, np.clip(share, 0, 1)) / photographs
        low, high = np.quantile(share, (0.025, 0.975))
        found.append(Missed(looked, float(missed.mean()), float(low), float(high), photographs))
    return found
