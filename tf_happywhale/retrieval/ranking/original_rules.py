"""The original notebook's ranking, rule by rule, for comparison: `rank.preset=original`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL, most_frequent, with_new
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.out_of_fold import held_out_of, may_judge
from tf_happywhale.retrieval.new_individual.probability import fit_new_probability
from tf_happywhale.retrieval.new_individual.thresholds import NewRule, grid_threshold, one_sided
from tf_happywhale.retrieval.ranking.ranking import Ranking, check_members, chooses
from tf_happywhale.retrieval.search.candidates import Candidates, nobody
from tf_happywhale.retrieval.search.joined_rows import Stack
from tf_happywhale.retrieval.submission import IDS

NEIGHBOURS = 850
# The five individuals the notebook fills up with; ids of Happywhale's catalogue.
PADDING = ("938b7e931166", "5bf17305f073", "7593d2aee842", "7362d7a01d00", "956562ff2888")
DEFAULT_ONLY = ("ensemble", "mirrored", "centre_share", "best_of", "weights", "new")  # settings


def not_honoured(rank: Rank) -> list[str]:
    """A sentence for each setting that these rules do not know."""
    return [
        f"rank.{name}={getattr(rank, name)} does not count here: rank.preset=original ranks by the "
        "original's rules."
        for name in DEFAULT_ONLY
        if getattr(rank, name) != Rank.model_fields[name].default
    ]


def rank_queries_by_original_rules(
    gallery: EnsembleEmbeddings,
    queries: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    folds: Mapping[str, int],
    rank: Rank,
) -> Ranking:
    """As `ranking.rank_queries`, by the notebook's rules: embeddings side by side with their
    lengths, 850 neighbours, a threshold from eleven. Only the leak is mended: each member is asked
    about a fold it has not seen.

    Raises:
        InputError: as there, or a threshold is to be learned and no member has such a fold.
    """
    check_members(gallery, queries, individual_ids)
    ids = np.asarray(individual_ids, dtype=np.str_)
    found, truth = [], []
    learns = rank.threshold is None or may_judge(gallery, folds)
    for n, own in enumerate(held_out_of(gallery, folds) if learns else []):
        side = gallery.only([n])
        for fold in own:
            out = np.array([folds[image] == fold for image in gallery.images.tolist()], bool)
            found.append(_search(side.take(out), side.take(~out), ids[~out].tolist(), IDS))
            truth += with_new(ids[out].tolist(), ids[~out].tolist())
    if rank.threshold is None and not found:
        raise InputError(
            "Every model was trained on every fold, so that there is nothing to learn a threshold "
            "from: set rank.threshold."
        )
    empty = np.zeros((0, IDS))
    scores = np.concatenate([empty, *(part.score for part in found)])
    threshold = rank.threshold
    if threshold is None:
        asked = np.concatenate([part.individual_id for part in found])
        threshold = grid_threshold(asked, scores, truth, rank.new_share)
    is_new = np.array([answer == NEW_INDIVIDUAL for answer in truth], bool)
    candidates = _search(queries, gallery, ids.tolist(), rank.candidates)
    return Ranking(
        images=queries.images,
        candidates=candidates,
        members=range(len(gallery.members)),
        rule=NewRule(threshold),
        p_new=fit_new_probability(scores, is_new)(candidates.score),
        gallery_images=gallery.images,
        padding=original_padding(ids.tolist()),
        unsure=one_sided(len(truth), int(is_new.sum())) if chooses(rank) else "",
    )


def _search(
    queries: EnsembleEmbeddings, gallery: EnsembleEmbeddings, individual_ids: Sequence[str], k: int
) -> Candidates:
    equal = [1.0] * len(gallery.members)
    return rank_by_original_rules(
        queries.stack(equal, lengths=True), gallery.stack(equal, lengths=True), individual_ids, k
    )


def rank_by_original_rules(
    queries: Stack, gallery: Stack, individual_ids: Sequence[str], k: int
) -> Candidates:
    """Candidates from the 850 nearest images by cosine, each individual's best score.

    Fewer than k individuals among the neighbours leave empty ids at the end, as the notebook does.

    Args:
        queries: n rows.
        gallery: m rows.
        individual_ids: text [m].
        k: candidates kept for a query.
    """
    from sklearn.neighbors import NearestNeighbors

    names = np.asarray(individual_ids, dtype=np.str_)
    if not len(names) or not len(queries):
        return nobody(len(queries), k)
    count = min(NEIGHBOURS, len(names))
    search = NearestNeighbors(n_neighbors=count, metric="cosine").fit(gallery.tile(slice(None)))
    individual_id = np.full((len(queries), k), "", dtype=names.dtype)
    score = np.full((len(queries), k), -np.inf, np.float32)
    reference = np.full((len(queries), k), -1, np.int64)
    distances, rows = search.kneighbors(queries.tile(slice(None)))
    for n, (distance, row) in enumerate(zip(distances, rows, strict=True)):
        best: dict[str, tuple[float, int]] = {}
        for d, r in zip(distance, row, strict=True):  # nearest first, so the first is the best
            best.setdefault(str(names[r]), (1 - d, r))
        for rank, (identity, (similarity, image)) in enumerate(list(best.items())[:k]):
            individual_id[n, rank], score[n, rank] = identity, similarity
            reference[n, rank] = image
    return Candidates(individual_id, score, reference)


def original_padding(individual_ids: Sequence[str]) -> list[str]:
    """The notebook's five ids where the catalogue has them, else its most frequent individuals."""
    known = set(individual_ids)
    if known.issuperset(PADDING):
        return list(PADDING)
    return most_frequent(individual_ids)
