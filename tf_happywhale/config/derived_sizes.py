"""The sizes of pictures that follow from a catalogue and a machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

STEP = 32  # sides of pictures in training are multiples of it
LARGER = 1.18  # how much larger than in training pictures are embedded
SMALLEST, LARGEST, LARGEST_ON_GPU = 96, 224, 448
ENLARGED = 1.43  # how far small pictures are enlarged: it pays, docs/recipe.md (Larger pictures)
MINUTES = 60  # that a training on a CPU may take
RATE = 14.0  # pictures of 224 pixels that lite0 trains on in a second, for each core

Setting = tuple[str, Any, str]  # key, value, and why


@dataclass(frozen=True)
class Machine:
    """What trains: the cores that may be used, and whether there is a GPU or TPU."""

    cores: int
    accelerator: bool


def seen_area(region: Sequence[float] | None) -> float:
    """Return which share of a picture the network sees."""
    if region is None:
        return 1.0
    xmin, ymin, xmax, ymax = region
    return (xmax - xmin) * (ymax - ymin)


def sizes(
    side: float, seen: int, machine: Machine, given: int | None = None, area: float = 1.0
) -> Iterator[Setting]:
    """Yield the sizes of pictures, when a training sees so many, perhaps of a given size, and of
    each only a share of its area."""
    largest = LARGEST_ON_GPU if machine.accelerator else LARGEST
    if area < 1:  # what is seen has as many pixels then
        largest = min(int(largest / math.sqrt(area)) // STEP * STEP, 2 * largest)
    small = max(SMALLEST, -(-int(ENLARGED * side) // STEP) * STEP)
    size, why = min(small, largest), f"half of the crops are narrower than {side:.0f} pixels"
    if size < small:
        why += f"; {size} is enough" if not machine.accelerator else f"; {size} fits a GPU"
    elif size > side:
        why += ", and are enlarged"
    if not machine.accelerator:
        while size > SMALLEST and _minutes(seen, size, machine) * area > MINUTES:
            size -= STEP
        minutes = _minutes(seen, size, machine) * area
        why += f"; about {minutes:.0f} minutes of training on {machine.cores} cores"
    if area < 1:
        why += f", which sees {area:.0%} of each picture"
    yield "train.last_size", size, why
    trained = given or size
    larger = min(round(trained * LARGER / 8) * 8, 4096)
    yield "image_size", larger, f"embedded a sixth larger than the {trained} pixels of training"


def _minutes(seen: int, size: int, machine: Machine) -> float:
    return seen * (size / 224) ** 2 / (RATE * machine.cores) / 60
