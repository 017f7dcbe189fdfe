"""Whether new animals can be told from known ones at all, and what is said if they cannot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.metrics import auroc, interval

HARDLY = 0.6  # AUROC: in two of five pairs the new animal looks like the known one


@dataclass(frozen=True)
class Telling:
    """How well new animals are told from known ones.

    Attributes:
        auroc: of a new and a known photograph, how often does the new one look newer? .5 is a coin.
        low, high: its 95% interval by individuals.
    """

    auroc: float
    low: float
    high: float

    @property
    def fails(self) -> bool:
        """Whether they are hardly told apart: a coin is within the interval, or nearly as good."""
        return self.low <= 0.5 or self.auroc < HARDLY

    @property
    def sentence(self) -> str:
        """What to say of it; empty if they are told apart."""
        if not self.fails:
            return ""
        return (
            "New animals cannot be told from known ones here: of a new and a known photograph the "
            f"new one looks newer in {self.auroc:.0%} of all pairs (95%: {self.low:.0%} to "
            f"{self.high:.0%}), where guessing has 50%; more photographs of each animal, a box "
            "around it, or a model trained on this catalogue help."
        )


def telling(
    looks_new: np.ndarray,
    is_new: np.ndarray,
    individual_ids: np.ndarray,
    seed: int = 0,
) -> Telling | None:
    """Return how well queries of new individuals are told from others; None if there is only one
    kind of them, or if nothing is known of one.

    Args:
        looks_new: higher for a query that looks new [n], such as P(new).
        is_new: bool [n].
        individual_ids: the individual in each query, str [n].
        seed: for drawing individuals.
    """
    if np.isnan(looks_new).any():
        return None

    def measure(drawn: np.ndarray) -> float:
        return auroc(looks_new, is_new, drawn)

    value = measure(np.ones(len(is_new)))
    if not np.isfinite(value):
        return None
    return Telling(value, *interval(measure, individual_ids, seed))


def read_telling(part: dict) -> Telling | None:
    """Return what `PoolStatistics.of` wrote; None where nothing was measured."""
    low, high = part.get("interval") or (0.0, 0.0)
    return None if part.get("value") is None else Telling(part["value"], low, high)
