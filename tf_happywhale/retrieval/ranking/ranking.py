"""Queries ranked against a gallery, with `new_individual` placed by what validation has taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import key_columns
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL, most_frequent
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.combine import rank_by_ensemble
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.left_out import ASKED, with_enough_new
from tf_happywhale.retrieval.ensemble.out_of_fold import (
    FoldScores,
    OutOfFold,
    join_scores,
    score_folds,
)
from tf_happywhale.retrieval.ensemble.selection import choose_weights
from tf_happywhale.retrieval.ensemble.standard_scores import Line, line_of, shares_of
from tf_happywhale.retrieval.new_individual.placing import placing_lead
from tf_happywhale.retrieval.new_individual.probability import (
    NewProbability,
    fit_new_probability,
    worth,
)
from tf_happywhale.retrieval.new_individual.rule import FIRST_OR_SECOND, NewRule, insert_new
from tf_happywhale.retrieval.new_individual.thresholds import (
    LOWEST,
    best_threshold,
    one_sided,
    share_threshold,
    species_thresholds,
)
from tf_happywhale.retrieval.search.candidates import Candidates
from tf_happywhale.retrieval.search.dot_products import load_engine
from tf_happywhale.retrieval.submission import ANSWERS, pad

LEARN_FROM = 4096  # images of a fold teach a threshold: three folds' outnumber one of Happywhale's


@dataclass(frozen=True)
class Ranking:
    """Ranking of every query's individuals, best first.

    Attributes:
        images: the queries.
        candidates: without `new_individual`.
        rule: where `new_individual` goes.
        p_new: probability that a query shows a new individual, float [n]; NaN if unknown.
        gallery_images: names of the gallery's images, which `candidates.reference` points to.
        padding: individuals that fill up a submission.
        species: of individuals, if `rule` has thresholds by species.
        members: which of the given ones ranked, by place.
        weights: those of the members; none if all count equally.
        scored: the folds that were learned from.
        unsure: a sentence on why no threshold could be chosen; empty if one was, or is given.
        places: int64 [n], how many individuals stand before `new_individual`; None: as the rule
            says.
    """

    images: np.ndarray
    candidates: Candidates
    rule: NewRule
    p_new: np.ndarray
    gallery_images: np.ndarray
    padding: list[str]
    species: Mapping[str, str] = field(default_factory=dict)
    members: Sequence[int] = ()
    weights: Sequence[float] = ()
    scored: Sequence[FoldScores] = ()
    unsure: str = ""
    places: np.ndarray | None = None

    def threshold(self, query: int) -> float:
        """Return the score of `new_individual` for a query."""
        if self.places is not None:
            place, score = int(self.places[query]), self.candidates.score[query]
            around = np.concatenate([[1.0], score[np.isfinite(score)], [0.0]])[place : place + 2]
            return float(around.mean())
        best = str(self.candidates.individual_id[query, 0])
        scores = self.candidates.score[query]
        return self.rule.threshold_for(scores, self.species.get(best, ""))

    def with_new(self, query: int) -> list[str]:
        """Return a query's individuals with `new_individual` among them."""
        found = self.candidates
        if self.places is not None:
            known = [identity for identity in found.individual_id[query].tolist() if identity]
            place = int(self.places[query])
            return [*known[:place], NEW_INDIVIDUAL, *known[place:]]
        return insert_new(
            found.individual_id[query].tolist(),
            found.score[query].tolist(),
            self.threshold(query),
            self.rule.anywhere,
        )

    def reordered(self, candidates: Candidates) -> Self:
        """Return the ranking with individuals in the order of other scores, and with
        `new_individual` behind as many of them as before. Its score is the middle between its
        neighbours'.

        Args:
            candidates: of the same queries, with scores from 0 to 1.
        """
        before = [self.with_new(n).index(NEW_INDIVIDUAL) for n in range(len(self.images))]
        known = np.count_nonzero(np.isfinite(candidates.score), axis=1)
        places = np.minimum(np.array(before, np.int64), known)
        return replace(self, candidates=candidates, places=places)

    def ids(self) -> list[list[str]]:
        """Five ids for each query, as a submission wants them."""
        return [pad(self.with_new(n)[:ANSWERS], self.padding) for n in range(len(self.images))]

    def table(self, ranks: int) -> pd.DataFrame:
        """Return `predictions.csv`: image, box_number, rank, individual_id, score, p_new,
        reference_image, reference_box_number.

        The score of `new_individual` is its threshold; its reference image is empty.
        """
        rows = []
        found = self.candidates
        for n, image in enumerate(self.images.tolist()):
            facts = {
                identity: (score, self.gallery_images[reference])
                for identity, score, reference in zip(
                    found.individual_id[n].tolist(),
                    found.score[n].tolist(),
                    found.reference[n].tolist(),
                    strict=True,
                )
                if identity
            }
            facts[NEW_INDIVIDUAL] = (self.threshold(n), "")
            for rank, identity in enumerate(self.with_new(n)[:ranks], start=1):
                score, reference = facts[identity]
                rows.append((image, rank, identity, f"{score:.6f}", self.p_new[n], reference))
        image, *others, reference = zip(*rows, strict=True) if rows else [()] * 6
        names = ["rank", "individual_id", "score", "p_new"]
        columns = {name: list(values) for name, values in zip(names, others, strict=True)}
        return pd.DataFrame(
            {**key_columns(image), **columns, **key_columns(reference, "reference_")}
        )


def rank_queries(
    gallery: LabelledGallery,
    queries: EnsembleEmbeddings,
    weights: Sequence[float],
    rank: Rank,
    species: Mapping[str, str] | None = None,
) -> Ranking:
    """Rank queries by an ensemble of models.

    What is learned about new individuals (the threshold, P(new), each member's spread of scores,
    chosen weights) comes from images on which the models in question were not trained. If a member
    does not say on what it was trained, nothing is learned: `new_individual` comes last, unless
    `rank.threshold` or `rank.new=target_share` places it.

    Args:
        gallery: the catalogue with the members' embeddings.
        queries: the images to identify, by the same members.
        weights: of the members.
        rank: the config's section.
        species: of individuals, for `rank.new=per_species`.

    Raises:
        InputError: a member's gallery and queries were not embedded by the same model, or its
            labels are not the catalogue's, or it may not judge any fold and `rank.threshold` is not
            given.
    """
    check_models(gallery, queries)
    if rank.centre_share:
        gallery = gallery.with_unseen()
    taken, weights = _weights_above_zero(gallery, weights, rank)
    gallery, queries, species = gallery.only(taken), queries.only(taken), species or {}
    width = sum(member.embedding.shape[1] for member in queries.members)
    load_engine(rank, float(len(queries)) * len(gallery) * width)  # serves the folds too
    if gallery.untold and rank.threshold is None and rank.new != "target_share":
        rank = rank.model_copy(update={"threshold": LOWEST, "new": "column"})
    scored, shares, line = _score_folds(gallery, weights, rank)
    seen = with_enough_new(join_scores(scored))
    who = seen.individual_ids
    counts = worth(seen.is_new, who, rank.new_share)
    probability = fit_new_probability(seen.standard, seen.score, seen.is_new, who, counts)
    found = rank_by_ensemble(
        queries, gallery.embeddings, gallery.individual_ids.tolist(), rank.candidates, shares, rank
    )
    return Ranking(
        images=queries.images,
        candidates=found,
        rule=new_rule(seen, found.score, line, rank, species, probability),
        p_new=probability(line.standard(found.score), found.score),
        gallery_images=gallery.images,
        padding=most_frequent(gallery.individual_ids.tolist()),
        species=species,
        members=taken,
        weights=weights,
        scored=scored,
        unsure=one_sided(len(seen), int(seen.is_new.sum())) if chooses(rank) else "",
    )


def _weights_above_zero(
    gallery: LabelledGallery, weights: Sequence[float], rank: Rank
) -> tuple[list[int], list[float]]:
    """Return the members that rank, and their weights: as given, or chosen if `rank` says so."""
    if rank.weights != "chosen":
        return list(range(len(weights))), list(weights)
    chosen = choose_weights(gallery, rank)
    taken = [n for n, weight in enumerate(chosen) if weight > 0]
    return taken, [chosen[n] for n in taken]


def _score_folds(
    gallery: LabelledGallery, weights: list[float], rank: Rank
) -> tuple[list[FoldScores], list[float], Line]:
    """Return the scored folds, each member's share of the score, and the line to standardised
    scores. If nothing can be learned there are no folds, and the weights are the shares."""
    if gallery.untold or (rank.threshold is not None and not gallery.every_member_judges()):
        return [], weights, Line(1.0, 0.0)
    everything = rank.new == "per_species" or len(gallery.judged) == 1
    most = None if everything else LEARN_FROM
    scored, standards = score_folds(gallery, weights, ASKED, rank, most)
    everyone = range(len(weights))
    shares, line = (part(everyone, weights, standards) for part in (shares_of, line_of))
    return scored, shares, line


def chooses(rank: Rank) -> bool:
    """Return whether these settings learn the threshold from validation."""
    return rank.threshold is None and (rank.preset == "original" or rank.new != "target_share")


def check_models(gallery: LabelledGallery, queries: EnsembleEmbeddings) -> None:
    """Raise InputError if the catalogue and the queries were not embedded by the same models, or
    with other labels than the catalogue's."""
    known = gallery.embeddings
    pairs = zip(known.members + known.mirrored, queries.members + queries.mirrored, strict=True)
    for one, other in pairs:
        if one.about != other.about:
            raise InputError(
                "The embeddings of the catalogue and of the images to identify come from "
                "different models: run embed again."
            )
    gallery.check_labels()


def new_rule(
    seen: OutOfFold,
    query_scores: np.ndarray,
    line: Line,
    rank: Rank,
    species: Mapping[str, str],
    probability: NewProbability,
) -> NewRule:
    """Return where `new_individual` goes among an ensemble's scores.

    Args:
        seen: the out-of-fold queries to learn from.
        query_scores: [m, k] of the queries themselves, for `target_share`.
        line: of the ensemble that scored the queries.
        rank: `new`, `threshold`, `new_share` and `target_share`.
        species: of individuals.
        probability: P(new), for `rank.new=p_new`.
    """
    anywhere = rank.new not in FIRST_OR_SECOND
    if rank.threshold is not None:
        return NewRule(rank.threshold, anywhere)
    if rank.new == "target_share":
        return NewRule(share_threshold(query_scores[:, 0], rank.target_share), anywhere)
    ids, standard, truth = seen.ids, seen.standard, seen.truth
    threshold = line.score(best_threshold(ids, standard, truth, rank.new_share, anywhere))
    if rank.new == "p_new":
        asked = ids, standard, truth, seen.individual_ids
        needed = placing_lead(probability, *asked, rank.new_share)
        return NewRule(threshold, lead=None if needed is None else needed / line.slope)
    if rank.new != "per_species":
        return NewRule(threshold, anywhere)
    kinds = [species.get(identity, "") for identity in ids[:, 0].tolist()]
    own = species_thresholds(ids, standard, truth, rank.new_share, kinds)
    return NewRule(threshold, anywhere, {kind: line.score(value) for kind, value in own.items()})
