from __future__ import annotations

import pytest

from tf_happywhale.retrieval.ensemble.trained_on import every_fold, held_out_folds
from tf_happywhale.retrieval.teaching.elsewhere import seen_elsewhere, trained_elsewhere

FOLDS = {"a.jpg": 0, "b.jpg": 1}
HAPPYWHALE = trained_elsewhere("Happywhale's competition: 15,587 whales and dolphins")
OTHERS = trained_elsewhere("Wildbook: 64 species")


def test_what_others_trained_has_seen_no_image_of_this_catalogue() -> None:
    assert HAPPYWHALE != OTHERS
    for said in (HAPPYWHALE, OTHERS):
        assert held_out_folds("m", said, FOLDS) == [0, 1]
    assert held_out_folds("m", every_fold("records", FOLDS), FOLDS) == []


@pytest.mark.parametrize(
    ("individual", "image", "ids", "images"),
    [
        ("37c7aba965a5", "00021adfb725ed.jpg", 1, 1),
        ("37c7aba965a5", "IMG_1.jpg", 1, 0),
        ("Old_Tom", "trip/00021adfb725ed.jpg#2", 0, 1),
        ("Old_Tom", "00021adfb725ed", 0, 1),
        ("202605131022", "20260513102259.jpg", 0, 0),  # dates
        ("37c7aba965a", "00021adfb725edf.jpg", 0, 0),
        ("deadbeefcafe1", "0506ca255961.jpg", 0, 0),  # a drawn pod's
    ],
)
def test_names_of_happywhales_form_may_have_been_seen(
    individual: str, image: str, ids: int, images: int
) -> None:
    seen = seen_elsewhere(HAPPYWHALE, ["a", individual], ["a.jpg", image])
    assert (len(seen.individuals), len(seen.images)) == (ids, images)
    assert bool(seen) == bool(ids or images)
    assert not seen_elsewhere(OTHERS, [individual], [image])
