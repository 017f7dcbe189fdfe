"""Who teaches about new individuals where pictures were matched."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.retrieval.teaching.test_taught import animals, probabilities
from tf_happywhale.config import Experiment
from tf_happywhale.inference.gallery.gallery_candidates import Asked
from tf_happywhale.inference.gallery.learned_here import BY_COSINES, LEFT_OUT, learned_here
from tf_happywhale.inference.identify.ranked_animals import rank_animals
from tf_happywhale.inference.matched.match_gallery import Matched
from tf_happywhale.inference.teaching.who_teaches import WhoTeaches
from tf_happywhale.retrieval.ranking.learned import Learned

OWN = Learned(
    (1.0,), {"first_or_second": 0.4, "column": 0.4}, weights=(-3.0,), queries=9, queries_new=4
)


def learned(individuals: int, teacher: WhoTeaches, matched: bool = True):
    gallery = animals(individuals, 4)
    left_out = np.arange(len(gallery)) % 2 == 0
    identifier = SimpleNamespace(learned=OWN, unknown="")
    fused = SimpleNamespace(own=probabilities(gallery))
    return learned_here(
        identifier,
        gallery,
        gallery,
        Experiment(),
        teacher,
        Matched(fused, left_out) if matched else None,
    )


def test_left_out_images_teach_beside_a_trained_model() -> None:
    found = learned(40, WhoTeaches(None))
    assert found.taught.questions == 80 and found.learned is found.taught.learned
    assert found.said[0] == LEFT_OUT and "80 photographs of 40 individuals" in found.said[1]


def test_too_few_left_out_individuals_leave_it_to_the_models_own_catalogue() -> None:
    found = learned(12, WhoTeaches(None))
    assert (found.learned, found.taught, found.said) == (OWN, None, (BY_COSINES,))


def test_without_matches_the_models_own_catalogue_teaches() -> None:
    found = learned(40, WhoTeaches(None), matched=False)
    assert (found.learned, found.taught, found.said) == (OWN, None, ())


def test_the_gallery_of_an_untaught_model_teaches_however_small_it_is() -> None:
    found = learned(12, WhoTeaches(np.ones(48, bool)))
    assert found.taught is not None and LEFT_OUT not in found.said


@pytest.mark.parametrize("by_cosine", [True, False])
def test_p_new_of_photographs_knows_their_cosine_too(by_cosine: bool) -> None:
    gallery = animals(40, 4)
    scores = probabilities(gallery)
    weights = (-1.0, 0.0, -9.0) if by_cosine else (-1.0, 0.0)
    taught = Learned((1.0,), {"first_or_second": 0.5}, weights=weights, odds=True)
    some = gallery.take(np.arange(10))
    asked = Asked(some, gallery, Experiment().rank, scores=lambda rows: scores(rows))
    ranking = rank_animals(asked, taught)[1]
    rows = gallery.embedding / np.linalg.norm(gallery.embedding, axis=1, keepdims=True)
    beside = (rows[:10] @ rows.T).max(axis=1)
    expected = taught.p_new(ranking.candidates.score, beside)
    np.testing.assert_allclose(ranking.p_new, expected, rtol=1e-5)
    assert (ranking.p_new < 0.01).all() == by_cosine
