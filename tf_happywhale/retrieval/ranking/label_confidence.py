"""Who is in the images to identify, and how likely that is right, by one fold's model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.combine import rank_by_ensemble
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.out_of_fold import score_folds
from tf_happywhale.retrieval.ensemble.standard_scores import line_of
from tf_happywhale.retrieval.new_individual.probability import fit_logistic
from tf_happywhale.retrieval.ranking.ranking import check_models
from tf_happywhale.retrieval.submission import ANSWERS


def keep_first_confidence(
    who: np.ndarray, confidence: np.ndarray, earlier: Sequence[tuple[str, float] | None]
) -> np.ndarray:
    """Return confidences by models that were not trained on the image that they judge.

    A model is sure of what it was trained on, rightly or wrongly. So an image that this model was
    trained on keeps the confidence of the model that labelled it, which was not trained on it. If
    this model still ranks another individual first, the confidence becomes NaN.

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
    gallery: LabelledGallery, queries: EnsembleEmbeddings, fold: int, rank: Rank
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best candidate of each query, and the probability that it is right.

    The gallery is the other folds', so that the fold's own images were seen by the calibration
    only. This is a logistic regression, like P(new), of how often the best candidate is right for
    the fold's own images.

    Args:
        gallery: the catalogue's embeddings by the fold's model, one member.
        queries: the images to identify, by the same model.
        fold: the fold on which the model was not trained.
        rank: the config's section; how `new_individual` is placed does not matter.

    Returns:
        individual_id str [n] and probability float64 [n]; NaN if the fold's images were all ranked
        rightly, or all wrongly, so that nothing can be learned.

    Raises:
        InputError: the model was trained on the fold, or embedded only one of the two sets.
    """
    check_models(gallery, queries)
    if rank.centre_share:
        gallery = gallery.with_unseen()
    gallery.check_held_out(0, fold)
    scored, standards = score_folds(gallery, [1.0], ANSWERS, rank)
    (part,) = [each for each in scored if each.fold == fold]
    wrong = part.candidates.individual_id[:, 0] != np.asarray(part.truth, dtype=np.str_)
    probability = fit_logistic(part.standard, wrong)
    others = ~gallery.inside(fold)
    known = gallery.individual_ids[others].tolist()
    found = rank_by_ensemble(queries, gallery.embeddings.take(others), known, ANSWERS, [1.0], rank)
    standard = line_of([0], [1.0], standards).standard(found.score)
    return found.individual_id[:, 0], 1 - probability(standard)
