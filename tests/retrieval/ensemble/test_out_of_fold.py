from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.retrieval.conftest import Herd
from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.out_of_fold import score_folds
from tf_happywhale.retrieval.ranking import ranking
from tf_happywhale.retrieval.search import dot_products

NEW = "new_individual"


@pytest.fixture
def pod() -> Herd:
    """Forty individuals a few degrees apart: fold 0 asks for the even ones twice, the rest are
    known to fold 1 only; every fifth even one is new there."""
    rows = []
    for n in range(40):
        if n % 10:
            rows.append((f"known{n}.jpg", f"{n:02d}", 4.0 * n, 1))
        if n % 2 == 0:
            rows += [(f"asked{n}-{m}.jpg", f"{n:02d}", 4.0 * n + m, 0) for m in (1, 2)]
    return Herd(rows)


def test_some_of_a_folds_images_are_judged_as_among_all(pod: Herd) -> None:
    side = make_ensemble([pod.gallery()], pod.images)
    (everything,), _ = score_folds(LabelledGallery(side, pod.ids, pod.folds), [1.0], 5, Rank())
    (some,), _ = score_folds(LabelledGallery(side, pod.ids, pod.folds), [1.0], 5, Rank(), 9)
    assert (len(everything.images), len(some.images)) == (40, 9)
    place = {image: n for n, image in enumerate(everything.images.tolist())}
    for n, image in enumerate(some.images.tolist()):
        whole = place[image]
        assert some.truth[n] == everything.truth[whole]  # nobody held out becomes known
        found = some.candidates.individual_id[n].tolist()
        assert found == everything.candidates.individual_id[whole].tolist()
    assert NEW in some.truth


@pytest.mark.parametrize(
    ("new", "judged"), [("first_or_second", [9, 9]), ("column", [9, 9]), ("per_species", [40, 36])]
)
def test_a_threshold_is_learned_from_enough_images_a_species_one_from_all(
    pod: Herd, monkeypatch: pytest.MonkeyPatch, new: str, judged: list[int]
) -> None:
    monkeypatch.setattr(ranking, "LEARN_FROM", 9)
    ranked = pod.rank([1], galleries=[pod.gallery(0), pod.gallery(1)], new=new)
    assert [len(part.images) for part in ranked.scored] == judged


@pytest.mark.parametrize("models", [1, 2])
def test_a_single_fold_teaches_by_all_its_images(
    pod: Herd, monkeypatch: pytest.MonkeyPatch, models: int
) -> None:
    monkeypatch.setattr(ranking, "LEARN_FROM", 9)
    ranked = pod.rank([1], galleries=[pod.gallery(0)] * models)
    assert [len(part.images) for part in ranked.scored] == [40]


def test_some_of_a_catalogue_that_repeats_itself_are_of_every_kind(pod: Herd) -> None:
    side = make_ensemble([pod.gallery()], pod.images)
    (some, *_), _ = score_folds(LabelledGallery(side, pod.ids, pod.folds), [1.0], 5, Rank(), 20)
    (again, *_), _ = score_folds(LabelledGallery(side, pod.ids, pod.folds), [1.0], 5, Rank(), 20)
    # of each two images of an individual the first is called -1; every other one is of that kind
    kinds = [image.split("-")[1] for image in some.images.tolist()]
    assert len(set(some.images.tolist())) == 20
    assert 5 <= kinds.count("1.jpg") <= 15
    assert some.images.tolist() == again.images.tolist()
    place = {image: n for n, image in enumerate(pod.images)}
    assert sorted(some.images.tolist(), key=place.get) == some.images.tolist()


def test_members_that_share_a_fold_are_standardised_by_their_best_score_alone(pod: Herd) -> None:
    galleries = [pod.gallery(), pod.gallery(turned=30.0)]
    side = make_ensemble(galleries, pod.images)
    _, both = score_folds(LabelledGallery(side, pod.ids, pod.folds), [1.0, 1.0], 5, Rank())
    _, alone = score_folds(LabelledGallery(side.only([0]), pod.ids, pod.folds), [1.0], 5, Rank())
    assert both[0] == alone[0]


def test_the_folds_are_searched_by_what_all_of_them_pay_for(
    pod: Herd, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(
        dot_products,
        "choose_engine",
        lambda *how: asked.append(how[2]) or dot_products.NumpyEngine(),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setattr(dot_products, "find_spec", lambda _: None)
    side = make_ensemble([pod.gallery()], pod.images)
    score_folds(LabelledGallery(side, pod.ids, pod.folds), [1.0], 5, Rank())
    score_folds(LabelledGallery(side, pod.ids, pod.folds), [1.0], 5, Rank(engine="numpy"))
    assert asked == [40 * len(pod.images) * 2]  # fold 0's images, the gallery, two numbers each
    assert np.isfinite(asked).all()
