"""The individuals of a gallery's images, sorted once for many searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Individuals:
    """Who is in each of m images.

    Attributes:
        names: of the individuals, str [l], in ascending order.
        labels: int64 [m], the individual of each image among `names`.
    """

    names: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def individuals_of(ids: Sequence[str]) -> Individuals:
    """Return the individuals whose names are given for each image."""
    return Individuals(*np.unique(np.asarray(ids, dtype=np.str_), return_inverse=True))
