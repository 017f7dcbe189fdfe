"""Who is in the images to identify, and how likely that is right, by one fold's model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.combine import rank_by_ensemble
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.out_of_fold import line_of, mark_unseen, score_folds
from tf_happywhale.retrieval.ensemble.trained_on import check_held_out
from tf_happywhale.retrieval.new_individual.probability import fit_new_probability
from tf_happywhale.retrieval.ranking.ranking import check_members
from tf_happywhale.retrieval.submission import IDS


def keep_first_confidence(
    who: np.ndarray, confidence: np.ndarray, earlier: Sequence[tuple[str, float] | None]
) -> np.ndarray:
    """Confidences by models that had not trained on the image they judge.

    A model is sure of what it was trained on, rightly or wrongly. So an image that this one trained
    on keeps the confidence of the model that labelled it, which had not; and it loses it, for NaN,
    where this one ranks somebody else first all the same.

    Args:
        who: the best candidate of each image, str [n].
        confidence: in them, by a model, float64 [n].
        earlier: what that model was told of each image and with what confidence; None if it did
            not train on it.
    """
    kept = confidence.copy()
    for row, label in enumerate(earlier):
        if label is not None:
            kept[row] = label[1] if label[0] == who[row] else np.nan
    return kept


def predict_confidently(
    gallery: EnsembleEmbeddings,
    queries: EnsembleEmbeddings,
    individual_ids: Sequence[str],
    folds: Mapping[str, int],
    fold: int,
    rank: Rank,
) -> tuple[np.ndarray, np.ndarray]:
    """The best candidate of each query, and the probability that it is right.

    The gallery is the other folds', so that nothing here has seen who is in the fold's images but
    the calibration: a logistic regression, as that of P(new), of how often the best candidate is
    right for the fold's own images.

    Args:
        gallery: the catalogue as the fold's model sees it, one member.
        queries: the images to identify, by the same model.
        individual_ids: who is in the gallery's images.
        folds: fold of each of them.
        fold: which the model has not seen.
        rank: the config's section; how `new_individual` is placed does not matter.

    Returns:
        individual_id str [n] and probability float64 [n]; NaN where the fold's images were all
        ranked rightly, or all wrongly, so that nothing can be learned.

    Raises:
        InputError: the model has seen the fold, or the two sides are not the same model's.
    """
    check_members(gallery, queries, individual_ids)
    if rank.centre_share:
        gallery = mark_unseen(gallery, individual_ids, folds)
    check_held_out("The model", gallery.members[0].about.get("trained_on", ""), fold, folds)
    scored, standards = score_folds(gallery, individual_ids, folds, [1.0], IDS, rank)
    (part,) = [each for each in scored if each.fold == fold]
    wrong = part.candidates.individual_id[:, 0] != np.asarray(part.truth, dtype=np.str_)
    probability = fit_new_probability(part.standard, wrong)
    others = np.array([folds[image] != fold for image in gallery.images.tolist()], bool)
    known = np.asarray(individual_ids, dtype=np.str_)[others].tolist()
    found = rank_by_ensemble(queries, gallery.take(others), known, IDS, [1.0], rank)
    standard = line_of([0], [1.0], standards).standard(found.score.astype(np.float64))
    return found.individual_id[:, 0], 1 - probability(standard)
