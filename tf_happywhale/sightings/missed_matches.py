"""What missed matches do to an estimate of abundance.

A missed match makes two individuals of one: the photograph of a known animal gets a new id. So more
individuals seem to be there, and fewer of them seem to be seen again; both make the estimate too
large (Stevick, Palsbøll, Smith, Bravington and Hammond 2001, Canadian Journal of Fisheries and
Aquatic Sciences 58:1861-1870, who correct the estimate of two occasions for it; Yoshizaki, Pollock,
Brownie and Webster 2009, Ecology 90:3-9).

Let each sighting after an animal's first be missed with probability m, as in model Mtα of Link,
Yoshizaki, Bailey and Pollock (2010, Biometrics 66:178-185). Of n animals with S sightings
n + m (S - n) seem to be seen, while the numbers nⱼ of each occasion stay as they are; more than
these the models do not look at, so it makes no difference whether the new id is seen again. With
two occasions the estimate n₁n₂/m₂ becomes n₁n₂/((1 - m) m₂): it is too large by 1/(1 - m).

This is about the matches that are missed in the session that is estimated. An animal that was split
in an earlier one can be seen under both of its ids, which comes on top (`make survey`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tf_happywhale.sightings.closed_model import closed_estimate


@dataclass(frozen=True)
class MissedShare:
    """The share of matches that is missed.

    Attributes:
        share: of the sightings of known animals.
        low, high: 95% interval; both are `share` if somebody gave it.
        source: where it comes from, in words.
    """

    share: float
    low: float
    high: float
    source: str


def seen_without_misses(individuals: float, sightings: float, missed: float) -> float:
    """Return how many animals n there are expected to be among those that seem to be there, the
    solution of n + m (S - n) = `individuals`; at least 1.

    Args:
        individuals: that seem to be there.
        sightings: S, of all animals on all occasions.
        missed: m, less than 1.
    """
    return max((individuals - missed * sightings) / (1 - missed), 1.0)


def too_large_by(per_occasion: Sequence[int], individuals: int, missed: float) -> float | None:
    """Return by which factor the estimate of Mt is too large if this share of matches is missed.

    Args:
        per_occasion: individuals seen on each occasion.
        individuals: seen at all.
        missed: the share.

    Returns:
        None if there is no estimate, or if so many misses do not fit the history.
    """
    seems = closed_estimate(per_occasion, individuals)
    animals = seen_without_misses(individuals, sum(per_occasion), missed)
    if animals < max(per_occasion):
        return None
    without = closed_estimate(per_occasion, animals)
    return None if seems is None or without is None else seems / without


def bias_lines(
    per_occasion: Sequence[int], individuals: int, missed: MissedShare | None
) -> list[str]:
    """Return what missed matches mean for an estimate, in sentences."""
    if missed is None:
        return []
    start = f"Missed matches: {missed.share:.0%}"
    if missed.low < missed.high:
        start += f" ({missed.low:.0%} to {missed.high:.0%})"
    lines = [f"{start}, {missed.source}."]
    if not missed.high:
        return lines
    factors = [
        too_large_by(per_occasion, individuals, share)
        for share in (missed.share, missed.low, missed.high)
    ]
    if factors[0] is None:
        lines.append(
            "So many do not fit this history: it has too few individuals that were seen once."
        )
        return lines
    words = f"If so many are missed, the estimate is too large by {factors[0] - 1:.0%}"
    if factors[1] is not None and factors[2] is not None and missed.low < missed.high:
        words += f" ({factors[1] - 1:.0%} to {factors[2] - 1:.0%})"
    lines.append(f"{words}: a missed match makes two individuals of one. It is not corrected.")
    return lines
