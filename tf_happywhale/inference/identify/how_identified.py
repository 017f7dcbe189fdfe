"""How animals were identified, and how much the gallery holds: sentences for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

PHOTOGRAPHS = {1: "one photograph", 2: "two photographs", 3: "more"}


def how_identified(taught: bool, matched: bool) -> str:
    """Return how animals were identified, in a sentence.

    Args:
        taught: whether a model was trained to tell individuals apart.
        matched: whether pictures were matched point by point.
    """
    if taught:
        return f"Identified by a trained model{' and local matching' if matched else ''}."
    features = "local matching and ImageNet features" if matched else "ImageNet features alone"
    return f"Identified by {features}: nobody has trained a model on these animals."


def gallery_note(individual_ids: Sequence[str]) -> str:
    """Return how many individuals a gallery has, and how many of them with one or two images.

    Args:
        individual_ids: of each image.
    """
    counts = Counter(min(count, 3) for count in Counter(individual_ids).values())
    total = counts.total()
    gallery = f"This gallery has {total} individual{'s' if total != 1 else ''}"
    if set(counts) == {3}:
        return f"{gallery}, each with three photographs or more."
    parts = [f"{counts[n]} with {words}" for n, words in PHOTOGRAPHS.items() if counts[n]]
    return f"{gallery}: {', '.join(parts)}."
