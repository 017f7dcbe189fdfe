"""The original notebook's ranking, rule by rule, for comparison: `rank.preset=original`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL, most_frequent
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.new_individual.probability import fit_logistic
from tf_happywhale.retrieval.new_individual.rule import NewRule
from tf_happywhale.retrieval.new_individual.thresholds import grid_threshold, one_sided
from tf_happywhale.retrieval.ranking.ranking import Ranking, check_models, chooses
from tf_happywhale.retrieval.search.candidates import Candidates, nobody
from tf_happywhale.retrieval.search.joined_rows import Stack
from tf_happywhale.retrieval.submission import ANSWERS

NEIGHBOURS = 850
# The five individuals that the notebook fills up with: ids of Happywhale's catalogue.
PADDING = ("938b7e931166", "5bf17305f073", "7593d2aee842", "7362d7a01d00", "956562ff2888")
DEFAULT_ONLY = ("ensemble", "mirrored", "centre_share", "best_of", "weights", "new")  # settings


def not_honoured(rank: Rank) -> list[str]:
    """Return a sentence for each setting that these rules do not know."""
    return [
        f"rank.{name}={getattr(rank, name)} does not count here: rank.preset=original ranks by the "
        "original's rules."
        for name in DEFAULT_ONLY
        if getattr(rank, name) != Rank.model_fields[name].default
    ]


def rank_queries_by_original_rules(
    gallery: LabelledGallery, queries: EnsembleEmbeddings, rank: Rank
) -> Ranking:
    """Rank as `ranking.rank_queries` does, by the notebook's rules: embeddings joined with their
    lengths, 850 neighbours, a threshold out of eleven. Only the leak is repaired: each member is
    asked about a fold on which it was not trained.

    Raises:
        InputError: as there, or a threshold is to be learned and no member has such a fold.
    """
    check_models(gallery, queries)
    learns = rank.threshold is None or gallery.every_member_judges()
    asked, scores, truth = _ask_members(gallery, learns)
    if rank.threshold is None and not len(truth):
        raise InputError(
            "Every model was trained on every fold, so that there is nothing to learn a threshold "
            "from: set rank.threshold."
        )
    threshold = rank.threshold
    if threshold is None:
        threshold = grid_threshold(asked, scores, truth, rank.new_share)
    is_new = truth == NEW_INDIVIDUAL
    ids = gallery.individual_ids.tolist()
    candidates = _search(queries, gallery.embeddings, ids, rank.candidates)
    return Ranking(
        images=queries.images,
        candidates=candidates,
        members=range(len(queries.members)),
        rule=NewRule(threshold),
        p_new=fit_logistic(scores, is_new)(candidates.score),
        gallery_images=gallery.images,
        padding=original_padding(ids),
        unsure=one_sided(len(truth), int(is_new.sum())) if chooses(rank) else "",
    )


def _ask_members(
    gallery: LabelledGallery, learns: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return candidates str [n, 5], scores [n, 5] and truth str [n] of each member's own folds."""
    ids, scores, truth = [np.zeros((0, ANSWERS), np.str_)], [np.zeros((0, ANSWERS))], []
    for n, own in enumerate(gallery.held_out if learns else []):
        side = gallery.embeddings.only([n])
        for fold in own:
            inside = gallery.inside(fold)
            known = gallery.individual_ids[~inside].tolist()
            found = _search(side.take(inside), side.take(~inside), known, ANSWERS)
            ids.append(found.individual_id)
            scores.append(found.score)
            truth += gallery.truth[inside].tolist()
    return np.concatenate(ids), np.concatenate(scores), np.array(truth, dtype=np.str_)


def _search(
    queries: EnsembleEmbeddings,
    gallery: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    k: int,
) -> Candidates:
    equal = [1.0] * len(gallery.members)
    known, asked = (side.stack(equal, lengths=True) for side in (gallery, queries))
    return rank_by_original_rules(asked, known, individual_ids, k)


def rank_by_original_rules(
    queries: Stack, gallery: Stack, individual_ids: Sequence[str], k: int
) -> Candidates:
    """Return candidates from the 850 nearest images by cosine, each individual's best score.

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
    """Return the notebook's five ids if the catalogue has them, otherwise its most frequent
    individuals."""
    known = set(individual_ids)
    if known.issuperset(PADDING):
        return list(PADDING)
    return most_frequent(individual_ids)
