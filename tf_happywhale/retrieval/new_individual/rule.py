"""The place of `new_individual` among a query's candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.retrieval.new_individual.lead import mean_of_next

FIRST_OR_SECOND = ("first_or_second", "p_new")  # values of rank.new that put it nowhere else


@dataclass(frozen=True)
class NewRule:
    """Rule that says where `new_individual` stands among the candidates.

    Attributes:
        threshold: its score.
        anywhere: it stands where its score belongs among the scores; otherwise first or second, as
            in the original.
        by_species: thresholds of the species that have one of their own.
        lead: if given, its score lies so far above the mean of the candidates behind the best one.
            So it is first if the best one's lead is not larger: this is where P(new) is high.
    """

    threshold: float
    anywhere: bool = False
    by_species: dict[str, float] = field(default_factory=dict)
    lead: float | None = None

    def threshold_for(self, scores: np.ndarray, species: str = "") -> float:
        """Return the score of `new_individual` for a query.

        Args:
            scores: of its candidates [k], best first.
            species: of the best one.
        """
        if self.lead is not None:
            following = float(mean_of_next(np.asarray(scores)[None])[0])
            if np.isfinite(following):  # else there is nobody to lead
                return following + self.lead
        return self.by_species.get(species, self.threshold)


def insert_new(
    ids: Sequence[str], scores: Sequence[float], threshold: float, anywhere: bool = False
) -> list[str]:
    """Return the ids with `new_individual` before the first score that is not above the threshold;
    by the original's rule (not `anywhere`) behind the best one at most. Empty ids are left out."""
    known = [identity for identity in ids if identity]
    asked = list(scores)[: len(known) if anywhere else min(1, len(known))]
    place = next((n for n, score in enumerate(asked) if not score > threshold), len(asked))
    return [*known[:place], NEW_INDIVIDUAL, *known[place:]]
