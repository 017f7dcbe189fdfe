"""Pictures that a catalogue lists under two individuals."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

NAMED = 5  # pairs that are named one by one


def same_pictures(
    images: Sequence[str], individual_ids: Sequence[str], pictures: Sequence[Hashable]
) -> list[str]:
    """A sentence for each pair of images that are one picture listed under two individuals.

    Args:
        images: names.
        individual_ids: the individual in each.
        pictures: the hash of each image's file, and its box.
    """
    first: dict[Hashable, int] = {}
    pairs = []
    for row, picture in enumerate(pictures):
        other = first.setdefault(picture, row)
        if individual_ids[other] != individual_ids[row]:
            pairs.append((other, row))
    sentences = [
        f"{images[a]} ({individual_ids[a]}) and {images[b]} ({individual_ids[b]}) are one picture "
        "of two individuals, and nothing can tell them apart: if it shows both, give each one a "
        "box in boxes.csv; if not, remove one row from the catalogue."
        for a, b in pairs[:NAMED]
    ]
    if len(pairs) > NAMED:
        sentences.append(f"{len(pairs) - NAMED} more pairs of images are alike in this way.")
    return sentences
