"""How good a ranking is."""

from __future__ import annotations

from collections.abc import Sequence


def mean_average_precision(
    ranked: Sequence[Sequence[str]], truth: Sequence[str], at: int = 5
) -> float:
    """mAP@`at` with one right answer a query: the mean of 1/rank, 0 where it is not among them.

    A repeated id counts where it stands first. Without queries the result is 0.
    """
    total = 0.0
    for ids, answer in zip(ranked, truth, strict=True):
        first = list(ids[:at])
        total += 1 / (first.index(answer) + 1) if answer in first else 0.0
    return total / len(truth) if len(truth) else 0.0


def rank_share(ranked: Sequence[Sequence[str]], truth: Sequence[str], rank: int) -> float:
    """Share of the queries whose answer is among the first `rank` ids; 0 without queries."""
    hits = sum(answer in list(ids[:rank]) for ids, answer in zip(ranked, truth, strict=True))
    return hits / len(truth) if len(truth) else 0.0
