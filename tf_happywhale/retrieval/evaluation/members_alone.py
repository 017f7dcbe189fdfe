"""How each member of an ensemble ranks alone."""

from __future__ import annotations

from collections.abc import Mapping

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.out_of_fold import score_folds
from tf_happywhale.retrieval.evaluation.fold_metrics import judge, measure
from tf_happywhale.retrieval.ranking.ranking import rank_queries
from tf_happywhale.retrieval.submission import ANSWERS


def judge_members(gallery: LabelledGallery, rank: Rank) -> list[dict[str, dict]]:
    """Return each member's metrics on the folds on which it was not trained, by `fold0` and so on;
    see `measure`."""
    if rank.centre_share:
        gallery = gallery.with_unseen()
    found = []
    for n, own in enumerate(gallery.held_out):
        scored = score_folds(gallery.only([n]), [1.0], ANSWERS, rank)[0] if own else []
        metrics = {
            f"fold{part.fold}": measure(part.candidates, part.truth, rank.new_share)
            for part in scored
        }
        found.append(metrics)
    return found


def answer_alone(
    gallery: LabelledGallery,
    queries: EnsembleEmbeddings,
    rank: Rank,
    species: Mapping[str, str],
    answers: Mapping[str, str],
) -> list[dict]:
    """Return the metrics of each member's predictions for the queries; see `judge`."""
    rank = rank.model_copy(update={"weights": "given"})
    found = []
    for n in range(len(queries.members)):
        ranking = rank_queries(gallery.only([n]), queries.only([n]), [1.0], rank, species)
        ranked = dict(zip(ranking.images.tolist(), ranking.ids(), strict=True))
        found.append(judge(ranked, dict(answers)))
    return found
