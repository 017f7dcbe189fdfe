from __future__ import annotations

import numpy as np
import pytest

from tests.retrieval.conftest import Herd, embed
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ranking.label_confidence import (
    keep_first_confidence,
    predict_confidently,
)


def predict(herd: Herd, degrees: list[float], gallery=None) -> tuple[np.ndarray, np.ndarray]:
    gallery = herd.gallery() if gallery is None else gallery
    asked = [f"q{n}" for n in range(len(degrees))]
    queries = make_ensemble([embed(degrees, asked, [""] * len(asked), gallery.about)], asked)
    side = make_ensemble([gallery], herd.images)
    return predict_confidently(LabelledGallery(side, herd.ids, herd.folds), queries, 0, Rank())


def test_the_nearer_to_an_individual_the_likelier_it_is_right(herd: Herd) -> None:
    """Fold 0 was right about 001 at 4°, and wrong about 007 at 200°."""
    who, confidence = predict(herd, [2, 150, 190])
    assert who.tolist() == ["001", "004", "004"]
    assert confidence[0] > 0.5 > confidence[2]
    assert confidence[0] > confidence[1] > confidence[2]


def test_the_folds_own_images_are_no_gallery(herd: Herd) -> None:
    """007 is only in fold 0: whoever stands nearest in the other folds is named."""
    who, confidence = predict(herd, [200])
    assert who.tolist() == ["004"]
    assert confidence[0] < 0.5


def test_a_model_that_has_seen_the_fold_is_refused(herd: Herd) -> None:
    with pytest.raises(InputError, match="was trained on fold 0"):
        predict(herd, [2], herd.gallery(1))


def test_where_nothing_can_be_learned_there_is_no_confidence() -> None:
    herd = Herd([("a", "1", 0, 1), ("b", "1", 4, 0), ("c", "2", 40, 1), ("d", "2", 44, 0)])
    who, confidence = predict(herd, [2])
    assert who.tolist() == ["1"]
    assert np.isnan(confidence).all()
    assert not (confidence >= 0.0).any()


def test_what_a_model_trained_on_is_judged_by_the_one_before_it() -> None:
    """It is sure of all four. It trained on three: told of `a` rightly and of `c` with less
    confidence than it has now; of the second it was told another, and it does not believe it."""
    who, confidence = np.array(["a", "a", "c", "d"]), np.array([0.99, 0.99, 0.99, 0.97])
    earlier = [("a", 0.91), ("b", 0.95), ("c", 0.90), None]
    found = keep_first_confidence(who, confidence, earlier)
    np.testing.assert_array_equal(found, [0.91, np.nan, 0.90, 0.97])
    assert confidence.tolist() == [0.99, 0.99, 0.99, 0.97]
