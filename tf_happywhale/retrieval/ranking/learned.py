"""What a model's own catalogue has taught about new individuals, kept for other galleries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.left_out import ASKED, with_enough_new
from tf_happywhale.retrieval.ensemble.out_of_fold import OutOfFold, join_scores, score_folds
from tf_happywhale.retrieval.ensemble.selection import best_members, choose_weights
from tf_happywhale.retrieval.ensemble.standard_scores import Line, line_of, shares_of
from tf_happywhale.retrieval.new_individual.placing import placing_lead
from tf_happywhale.retrieval.new_individual.probability import (
    Logistic,
    NewProbability,
    fit_logistic,
    fit_new_probability,
    worth,
)
from tf_happywhale.retrieval.new_individual.rule import FIRST_OR_SECOND, NewRule
from tf_happywhale.retrieval.new_individual.telling import Telling, telling
from tf_happywhale.retrieval.new_individual.thresholds import (
    LOWEST,
    best_threshold,
    one_sided,
    share_threshold,
)
from tf_happywhale.retrieval.ranking.ranking import chooses

VERSION = 2  # of what is learned; 1 did not leave known individuals out to ask about new ones


@dataclass(frozen=True)
class Learned:
    """Thresholds and P(new) from the images that the models had not seen.

    Attributes:
        shares: each model's share of the score, 0 of one that was not taken.
        threshold: by the way `new_individual` is placed: `first_or_second` or `column`, see
            `rank.new`. `p_new` has the lead that the best candidate needs; it is missing where
            P(new) does not place it.
        slope, offset: from the score to standard deviations above the mean of those images.
        weights, intercept: of P(new) by the standardised scores; None if it is not known. Files of
            older versions have two weights, see `Logistic`.
        odds: whether the line is of the scores' log-odds, see `Line`.
        queries, queries_new: how many questions taught it, and how many of new individuals; an
            image of a known one can be asked twice, see `with_left_out`.
        wrong_weights, wrong_intercept: the same for P(the best candidate is wrong); no intercept if
            an older version learned nothing about it.
        calibrated: whether P(new) is that regression; otherwise it is one minus the score. Files
            of older versions lack this, and always mean the regression.
        told: how well new animals are told from known ones; None: unknown, as in older files.
        version: see `VERSION`; older files do not say it.
    """

    shares: tuple[float, ...]
    threshold: Mapping[str, float]
    slope: float = 1.0
    offset: float = 0.0
    weights: tuple[float, ...] | None = None
    intercept: float = 0.0
    queries: int = 0
    queries_new: int = 0
    wrong_weights: tuple[float, ...] | None = None
    wrong_intercept: float | None = None
    calibrated: bool = True
    told: Telling | None = None
    version: int = 1
    odds: bool = False

    @property
    def line(self) -> Line:
        """From scores to standardised ones."""
        return Line(self.slope, self.offset, self.odds)

    @property
    def by_cosine(self) -> bool:
        """Whether P(new) wants each query's best cosine beside its scores."""
        return self.weights is not None and len(self.weights) == 3

    def p_new(self, score: np.ndarray, beside: np.ndarray | None = None) -> np.ndarray:
        """Return P(new) float64 [n] of queries with candidates' scores [n, k]; NaN where
        unknown.

        Args:
            score: these.
            beside: the queries' best cosines [n], where scores are no cosines.
        """
        regression = _regression(self.weights, self.intercept)
        return NewProbability(regression, self.calibrated)(self.line.standard(score), score, beside)

    def p_right(self, score: np.ndarray) -> np.ndarray:
        """Return P(the best candidate is right) float64 [n], as `p_new` does."""
        wrong = _regression(self.wrong_weights, self.wrong_intercept or 0.0)
        return 1 - wrong(self.line.standard(score))

    @property
    def cannot_tell(self) -> list[str]:
        """A sentence if new animals cannot be told from known ones; none if they can."""
        return [self.told.sentence] if self.told is not None and self.told.fails else []

    def unsure(self, rank: Rank) -> str:
        """Return a sentence on why no threshold could be chosen; empty if one was chosen or is
        given."""
        return one_sided(self.queries, self.queries_new) if chooses(rank) else ""

    def rule(self, rank: Rank, score: np.ndarray) -> NewRule:
        """Return where `new_individual` goes among queries with candidates' scores [n, k]; last
        where no threshold is known. Thresholds by species are not kept: `per_species` is `column`
        here."""
        anywhere = rank.new not in FIRST_OR_SECOND
        if rank.threshold is not None:
            return NewRule(rank.threshold, anywhere)
        if rank.new == "target_share":
            return NewRule(share_threshold(score[:, 0], rank.target_share), anywhere)
        known = self.threshold.get("column" if anywhere else "first_or_second")
        if known is None:
            return NewRule(LOWEST, True)
        needed = self.threshold.get("p_new") if rank.new == "p_new" else None
        return NewRule(known, anywhere, lead=needed)


def _regression(weights: tuple[float, ...] | None, intercept: float) -> Logistic:
    return Logistic(None if weights is None else np.array(weights), intercept)


def nothing_learned(weights: Sequence[float]) -> Learned:
    """Return what is used where no image is known that the models have not seen."""
    return Learned(tuple(weights), {})


def learn(gallery: LabelledGallery, weights: Sequence[float], rank: Rank) -> Learned:
    """Learn from a catalogue's images, each scored by the models that were not trained on it.

    Args:
        gallery: the catalogue on which the models were trained, with their embeddings.
        weights: of the models.
        rank: how scores are made, which `members` are taken, and whether `weights` are chosen.

    Raises:
        InputError: a model was trained on every fold, or on other folds than these.
    """
    weights = _weights(gallery, weights, rank)
    taken = [n for n, weight in enumerate(weights) if weight > 0]
    own, everyone = [weights[n] for n in taken], range(len(taken))
    scored, standards = score_folds(gallery.only(taken), own, ASKED, rank)
    line = line_of(everyone, own, standards)
    shares = np.zeros(len(weights))
    shares[taken] = shares_of(everyone, own, standards)
    seen, share = with_enough_new(join_scores(scored)), rank.new_share
    answers, who = (seen.ids, seen.standard, seen.truth), seen.individual_ids
    counts = worth(seen.is_new, who, share)
    new = fit_new_probability(seen.standard, seen.score, seen.is_new, who, counts)
    wrong = fit_logistic(seen.standard, seen.ids[:, 0] != seen.truth, counts)
    threshold = {
        mode: line.score(best_threshold(*answers, share, mode == "column"))
        for mode in ("first_or_second", "column")
    }
    needed = placing_lead(new, *answers, who, share)
    if needed is not None:
        threshold["p_new"] = needed / line.slope
    told = telling(new(seen.standard, seen.score), seen.is_new, who)
    return learned_of(shares.tolist(), threshold, line, seen, new, wrong, told)


def learned_of(
    shares: Sequence[float],
    threshold: Mapping[str, float],
    line: Line,
    seen: OutOfFold,
    new: NewProbability,
    wrong: Logistic,
    told: Telling | None = None,
) -> Learned:
    """Return what queries have taught.

    Args:
        shares, threshold: see `Learned`.
        line: from the score to standard deviations above the queries' mean.
        seen: the queries.
        new: P(new).
        wrong: P(the best candidate is wrong), by the standardised scores.
        told: see `Learned`.
    """
    return Learned(
        shares=tuple(shares),
        threshold=threshold,
        slope=line.slope,
        offset=line.offset,
        weights=new.regression.numbers(),
        intercept=new.regression.intercept,
        calibrated=new.calibrated,
        queries=len(seen),
        queries_new=int(seen.is_new.sum()),
        wrong_weights=wrong.numbers(),
        wrong_intercept=wrong.intercept,
        told=told,
        version=VERSION,
        odds=line.odds,
    )


def _weights(gallery: LabelledGallery, weights: Sequence[float], rank: Rank) -> list[float]:
    """Return each model's weight according to `rank`; 0 of a model that it leaves out."""
    taken = best_members(gallery, rank.members, rank)
    found = [weights[n] for n in taken]
    if rank.weights == "chosen":
        found = choose_weights(gallery.only(taken), rank)
    own = dict(zip(taken, found, strict=True))
    return [own.get(n, 0.0) for n in range(len(weights))]
