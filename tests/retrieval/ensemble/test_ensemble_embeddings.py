from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.retrieval.ranking.ranking import rank_queries

ABOUT = {"model": "m1", "trained_on": "r; folds 1 of 01234567", "view": "original"}


def test_mirrored_embeddings_must_be_the_same_models_images_and_individuals() -> None:
    images = ["a", "b"]
    original = embed([0, 40], images, ["1", "2"], ABOUT)
    right = embed([1, 41], images, ["1", "2"], ABOUT | {"view": "mirrored"})
    assert (
        make_ensemble([original], images, [right.take(np.array([1, 0]))]).mirrored_rows[0][0] == 1
    )
    for wrong in (
        replace(right, about=right.about | {"model": "m2"}),
        replace(right, about=right.about | {"trained_on": "r; folds 0 1 of 01234567"}),
        replace(right, about=ABOUT),
        replace(right, individual_id=np.array(["1", "3"])),
        replace(right, image=np.array(["a", "c"])),
    ):
        with pytest.raises(InputError, match="mirrored embeddings of model 1 are not"):
            make_ensemble([original], images, [wrong])


def test_a_centre_that_was_never_trained_counts_as_the_image_itself() -> None:
    folds = {"a": 1, "b": 0, "c": 0}  # the model has seen 1, in a, but not 2
    about = {"trained_on": all_but(0, "r", folds)}
    member = replace(
        embed([0, 10, 60], ["a", "b", "c"], ["1", "1", "2"], about),
        centre=np.array([[0, 1], [-1, 0]], np.float32),
        centre_id=np.array(["1", "2"]),
    )
    ids, seen = ["2", "1", "1"], make_ensemble([member], ["c", "a", "b"])
    gallery = LabelledGallery(seen, ids, folds).with_unseen()
    side = gallery.embeddings
    assert side.unseen[0].tolist() == [True, False, False]
    rows = side.centres([1.0], ["2", "1", "1"]).tile(slice(None))
    expected = [[0.5, np.sin(np.radians(60))], [0, 1], [0, 1]]
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    part = side.take(np.array([2, 0]))
    assert part.only([0]).unseen[0].tolist() == [False, True]
    # a query at 60° is all c: by its head's centre alone it would be 120° away
    query = make_ensemble([embed([60], ["q"], [""], about)], ["q"])
    found = rank_queries(gallery, query, [1.0], Rank(centre_share=1.0, threshold=0.5))
    assert found.candidates.individual_id[0, 0] == "2"


def test_of_several_sub_centres_each_image_has_the_nearest() -> None:
    """An individual seen from two sides: an image is blended with the centre of its own."""
    member = replace(
        embed([5, 85, 170], ["a", "b", "c"], ["1", "1", "2"]),
        centre=3 * embed([90, 0, 175, 10], list("wxyz"), list("wxyz")).embedding,
        centre_id=np.array(["1", "1", "2", "2"]),
    )
    side = make_ensemble([member], ["c", "b", "a"])
    rows = side.centres([1.0], ["2", "1", "1"]).tile(slice(None))
    angles = np.degrees(np.arctan2(rows[:, 1], rows[:, 0]))
    np.testing.assert_allclose(angles, [175, 90, 0], atol=1e-3)
