"""How many pairs are matched, if there are too many for all of them."""

from __future__ import annotations

from dataclasses import dataclass

IMAGES = 20  # that each photograph is matched with at least, if the gallery has so many
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


def plan_matching(photographs: int, images: int, pairs: int, size: int | None = None) -> MatchPlan:
    """Return a plan of so many pairs for the photographs, and as many for the gallery's own images;
    of more if even the smallest plan has more.

    Args:
        photographs: to identify.
        images: of the gallery.
        pairs: see above.
        size: images for each photograph, if that is given; None: as many as possible.
    """
    if size is None:
        size = max(pairs // max(photographs, 1), IMAGES)
    size = min(size, images)
    own = images * (images - 1) // 2 if size == images else images * size
    if own <= pairs:
        return MatchPlan(size, images)
    return MatchPlan(size, min(max(pairs // max(size, 1), QUESTIONS), images))
