"""Queries ranked against a gallery, with `new_individual` put in by what validation has taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import key_columns
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL, most_frequent
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.combine import rank_by_ensemble
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings, check_labels
from tf_happywhale.retrieval.ensemble.out_of_fold import (
    LEARN_FROM,
    FoldScores,
    Line,
    held_out_of,
    line_of,
    mark_unseen,
    may_judge,
    score_folds,
    shares_of,
    untold,
)
from tf_happywhale.retrieval.ensemble.selection import choose_weights
from tf_happywhale.retrieval.new_individual.probability import fit_new_probability
from tf_happywhale.retrieval.new_individual.thresholds import (
    LOWEST,
    NewRule,
    best_threshold,
    insert_new,
    one_sided,
    share_threshold,
    species_thresholds,
)
from tf_happywhale.retrieval.search.candidates import Candidates
from tf_happywhale.retrieval.search.dot_products import load_engine
from tf_happywhale.retrieval.submission import IDS, pad


@dataclass(frozen=True)
class Ranking:
    """Every query's individuals, best first.

    Attributes:
        images: the queries.
        candidates: without `new_individual`.
        rule: where `new_individual` goes.
        p_new: probability that a query shows a new individual, float [n]; NaN if unknown.
        gallery_images: names of the gallery's images, which `candidates.reference` points to.
        padding: individuals that fill up a submission.
        species: of individuals, where `rule` has thresholds by species.
        members: which of the given ones ranked, by place.
        weights: theirs; none where all count alike.
        scored: the folds that were learned from.
        unsure: a sentence on why no threshold could be chosen; empty if one was, or is given.
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

    def threshold(self, query: int) -> float:
        """The score of `new_individual` for a query."""
        best = str(self.candidates.individual_id[query, 0])
        return self.rule.threshold_for(self.species.get(best, ""))

    def with_new(self, query: int) -> list[str]:
        """A query's individuals with `new_individual` among them."""
        found = self.candidates
        return insert_new(
            found.individual_id[query].tolist(),
            found.score[query].tolist(),
            self.threshold(query),
            self.rule.anywhere,
        )

    def ids(self) -> list[list[str]]:
        """Five ids for each query, as a submission wants them."""
        return [pad(self.with_new(n)[:IDS], self.padding) for n in range(len(self.images))]

    def table(self, ranks: int) -> pd.DataFrame:
        """`predictions.csv`: image, box_number, rank, individual_id, score, p_new, reference_image,
        reference_box_number.

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
    gallery: EnsembleEmbeddings,
    queries: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    folds: Mapping[str, int],
    weights: Sequence[float],
    rank: Rank,
    species: Mapping[str, str] | None = None,
) -> Ranking:
    """Rank queries by an ensemble of models.

    What is learned about new individuals - the threshold, P(new), each member's spread of scores,
    chosen weights - comes from images that the models in question have not seen. Where a member
    does not say what it has seen, nothing is learned: `new_individual` comes last, unless
    `rank.threshold` or `rank.new=target_share` places it.

    Args:
        gallery: the catalogue as the members see it.
        queries: the images to identify, by the same members.
        individual_ids: who is in the gallery's images.
        folds: fold of each of them.
        weights: of the members.
        rank: the config's section.
        species: of individuals, for `rank.new=per_species`.

    Raises:
        InputError: a member's gallery and queries were not embedded by the same model, or its
            labels are not the catalogue's, or it may not judge any fold and `rank.threshold` is not
            given.
    """
    check_members(gallery, queries, individual_ids)
    if rank.centre_share:
        gallery = mark_unseen(gallery, individual_ids, folds)
    weights = list(weights)
    taken = list(range(len(weights)))
    if rank.weights == "chosen":
        weights = choose_weights(gallery, individual_ids, folds, rank)
        taken = [n for n, weight in enumerate(weights) if weight > 0]
        gallery, queries = gallery.only(taken), queries.only(taken)
        weights = [weights[n] for n in taken]
    everyone = range(len(weights))
    scored, line, shares = [], Line(1.0, 0.0), weights
    width = sum(member.embedding.shape[1] for member in gallery.members)
    load_engine(rank, float(len(queries)) * len(gallery) * width)  # serves the folds too
    blind = bool(untold(gallery))
    if blind and rank.threshold is None and rank.new != "target_share":
        rank = rank.model_copy(update={"threshold": LOWEST, "new": "column"})
    if not blind and (rank.threshold is None or may_judge(gallery, folds)):
        judged = {fold for own in held_out_of(gallery, folds) for fold in own}
        most = None if rank.new == "per_species" or len(judged) == 1 else LEARN_FROM
        scored, standards = score_folds(gallery, individual_ids, folds, weights, IDS, rank, most)
        shares, line = (
            shares_of(everyone, weights, standards),
            line_of(everyone, weights, standards),
        )
    empty = np.zeros((0, IDS))
    ids = np.concatenate(
        [empty.astype(np.str_), *(part.candidates.individual_id for part in scored)]
    )
    standard = np.concatenate([empty, *(part.standard for part in scored)])
    truth = [answer for part in scored for answer in part.truth]
    probability = fit_new_probability(standard, np.array(truth) == NEW_INDIVIDUAL)
    found = rank_by_ensemble(queries, gallery, individual_ids, rank.candidates, shares, rank)
    return Ranking(
        images=queries.images,
        candidates=found,
        rule=new_rule(ids, standard, truth, found.score, line, rank, species or {}),
        p_new=probability(line.standard(found.score.astype(np.float64))),
        gallery_images=gallery.images,
        padding=most_frequent(individual_ids),
        species=species or {},
        members=taken,
        weights=weights,
        scored=scored,
        unsure=one_sided(len(truth), truth.count(NEW_INDIVIDUAL)) if chooses(rank) else "",
    )


def chooses(rank: Rank) -> bool:
    """Whether these settings learn the threshold from validation."""
    return rank.threshold is None and (rank.preset == "original" or rank.new != "target_share")


def check_members(
    gallery: EnsembleEmbeddings, queries: EnsembleEmbeddings, individual_ids: Sequence[str]
) -> None:
    """Refuse members whose two sides, or whose labels, do not belong together."""
    pairs = zip(gallery.members + gallery.mirrored, queries.members + queries.mirrored, strict=True)
    for known, asked in pairs:
        if known.about != asked.about:
            raise InputError(
                "The embeddings of the catalogue and of the images to identify come from "
                "different models: run embed again."
            )
    check_labels(gallery.members, gallery, individual_ids)


def new_rule(
    ids: np.ndarray,
    standard: np.ndarray,
    truth: Sequence[str],
    query_scores: np.ndarray,
    line: Line,
    rank: Rank,
    species: Mapping[str, str],
) -> NewRule:
    """Where `new_individual` goes among scores of the ensemble with this line.

    Args:
        ids: candidates [n, k] of the out-of-fold queries to learn from.
        standard: their standardised scores [n, k].
        truth: individual_id or `new_individual` [n].
        query_scores: [m, k] of the queries themselves, for `target_share`.
        line: of the ensemble that scored the queries.
        rank: `new`, `threshold`, `new_share` and `target_share`.
        species: of individuals.
    """
    anywhere = rank.new != "first_or_second"
    if rank.threshold is not None:
        return NewRule(rank.threshold, anywhere)
    if rank.new == "target_share":
        return NewRule(share_threshold(query_scores[:, 0], rank.target_share), anywhere)
    threshold = line.score(best_threshold(ids, standard, truth, rank.new_share, anywhere))
    if rank.new != "per_species":
        return NewRule(threshold, anywhere)
    kinds = [species.get(identity, "") for identity in ids[:, 0].tolist()]
    own = species_thresholds(ids, standard, truth, rank.new_share, kinds)
    return NewRule(threshold, anywhere, {kind: line.score(value) for kind, value in own.items()})
