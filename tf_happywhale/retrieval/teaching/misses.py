"""How many matches a person misses who looks at the first N candidates, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.teaching.questions import Questions

LOOKS = (1, 5, 10, 20)  # candidates that a person looks at
DRAWS = 2000
SEED = 0x3155
MOST_OTHERS = 16  # encounters; from so many on one more hardly matters


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

    A question has lost its own encounter, and a new photograph will be one more. If the gallery's
    photographs were taken as the animals came, and the new ones too, this makes no difference: an
    animal that was seen once more is as likely to be the next one as it was to be this one. Then
    the questions' share is the expected share (Luntz and Brailovsky 1969). But if somebody chose
    two photographs of each animal, each question has one left, and a new photograph two. So the
    interval begins at the share for one encounter more.

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
    rng = np.random.default_rng(SEED)
    drawn = _Draws(known, rng)
    found = []
    for looked in looks:
        if looked >= questions.gallery_individuals:
            break
        missed = known.rank >= looked
        ends = [drawn.shares(missed, more) for more in (1, 0)]
        if photographs:
            ends = [rng.binomial(photographs, share) / photographs for share in ends]
        low, high = (np.quantile(share, q) for share, q in zip(ends, (0.025, 0.975), strict=True))
        found.append(Missed(looked, float(missed.mean()), float(low), float(high), photographs))
    return found


class _Draws:
    """Individuals drawn again and again, each with its questions.

    Args:
        known: the known questions.
        rng: draws them.
    """

    def __init__(self, known: Questions, rng: np.random.Generator) -> None:
        _, who, count = np.unique(known.individual_ids, return_inverse=True, return_counts=True)
        parts = np.append(np.ones(len(count)), (0.5, 0.5))
        weights = rng.standard_gamma(parts, (DRAWS, len(parts)))
        others = np.clip(known.sightings - 1, 1, MOST_OTHERS)
        self.others, self.group = np.unique(others, return_inverse=True)
        self.who, self.weights, self.mean = who, weights, count.mean()

    def shares(self, missed: np.ndarray, more: int) -> np.ndarray:
        """Return the share of missed questions in each draw, float64 [draws].

        If an animal is missed by each of its n encounters with the same probability, and these do
        not depend on one another, it is missed by n of them with probability qⁿ, and by n + 1 with
        (qⁿ)^((n + 1)/n). Encounters of one animal depend on one another in the same direction, and
        animals differ; both make the share higher. So this is the least that it can be.

        Args:
            missed: bool [q].
            more: encounters that a new photograph finds beyond those that its question had.
        """
        total, of_missed = np.zeros((2, DRAWS))
        for number, others in enumerate(self.others):
            mine = self.group == number
            count = np.bincount(self.who[mine], minlength=self.weights.shape[1] - 2)
            hits = np.bincount(self.who[mine & missed], minlength=len(count))
            images = self.weights[:, :-2] @ count
            share = self.weights[:, :-2] @ hits / np.maximum(images, 1e-12)
            total += images
            of_missed += images * share ** ((others + more) / others)
        unseen = self.weights[:, -2:] * self.mean
        return np.clip((of_missed + unseen[:, 0]) / (total + unseen.sum(axis=1)), 0, 1)
