"""How many pairs are matched in the time that is allowed."""

from __future__ import annotations

from dataclasses import dataclass

from tf_happywhale.retrieval.fusion.shortlist import SIZES, affordable

QUESTIONS = 50  # images of the gallery that are asked at least, if it has so many


@dataclass(frozen=True)
class MatchPlan:
    """How many pairs are matched.

    Attributes:
        size: gallery images that each photograph is matched with.
        questions: gallery images that are themselves matched with so many others.
    """

    size: int
    questions: int


def plan_matching(
    photographs: int,
    images: int,
    seconds_a_pair: float,
    seconds: float,
    size: int | None = None,
) -> MatchPlan:
    """Return a plan that takes `seconds` for the photographs' pairs, and as many for the gallery's
    own; somewhat more if even the smallest plan takes longer.

    Args:
        photographs: to identify.
        images: of the gallery.
        seconds_a_pair: that a pair takes.
        seconds: see above.
        size: images for each photograph, if that is given; None: as many as possible.
    """
    if size is None:
        size = affordable(photographs, images, seconds_a_pair, seconds)
    size = min(max(size, SIZES[0]), images)
    own = images * (images - 1) / 2 if size == images else images * size
    if own * seconds_a_pair <= seconds:
        return MatchPlan(size, images)
    questions = int(seconds / max(seconds_a_pair * size, 1e-9))
    questions -= questions % 10  # so that small changes of speed change nothing
    return MatchPlan(size, min(max(questions, QUESTIONS), images))
