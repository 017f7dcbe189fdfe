"""What each member of an ensemble is worth alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.out_of_fold import held_out_of, mark_unseen, score_folds
from tf_happywhale.retrieval.evaluation.fold_metrics import judge, measure
from tf_happywhale.retrieval.ranking.ranking import rank_queries
from tf_happywhale.retrieval.submission import IDS


def judge_members(
    gallery: EnsembleEmbeddings, individual_ids: Sequence[str], folds: Mapping[str, int], rank: Rank
) -> list[dict[str, dict]]:
    """Each member on the folds that it has not seen: `fold0` and so on; see `measure`."""
    if rank.centre_share:
        gallery = mark_unseen(gallery, individual_ids, folds)
    found = []
    for n, own in enumerate(held_out_of(gallery, folds)):
        scored = []
        if own:
            side = gallery.only([n])
            scored, _ = score_folds(side, individual_ids, folds, [1.0], IDS, rank)
        found.append(
            {
                f"fold{part.fold}": measure(part.candidates, part.truth, rank.new_share)
                for part in scored
            }
        )
    return found


def answer_alone(
    gallery: EnsembleEmbeddings,
    queries: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    folds: Mapping[str, int],
    rank: Rank,
    species: Mapping[str, str],
    answers: Mapping[str, str],
) -> list[dict]:
    """Each member's predictions for the queries against known answers; see `judge`."""
    rank = rank.model_copy(update={"weights": "given"})
    found = []
    for n in range(len(gallery.members)):
        side = gallery.only([n]), queries.only([n])
        ranking = rank_queries(*side, individual_ids, folds, [1.0], rank, species)
        ranked = dict(zip(ranking.images.tolist(), ranking.ids(), strict=True))
        found.append(judge(ranked, dict(answers)))
    return found
