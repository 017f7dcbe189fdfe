"""How far the ratings of a gallery can be believed."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.retrieval.teaching.test_taught import animals
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.config import Experiment
from tf_happywhale.inference.gallery.rated_gallery import RatedGallery, rate_gallery
from tf_happywhale.retrieval.centring import CENTRED, YES
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.new_individual.reliability import expected_calibration_error
from tf_happywhale.retrieval.ranking.learned import nothing_learned

UNTAUGHT = SimpleNamespace(
    models=(SimpleNamespace(taught=False, published=None),),
    learned=nothing_learned([1.0]),
    unknown="nobody has taught the model an individual.",
)


def rated(gallery: Embeddings) -> RatedGallery:
    return rate_gallery(gallery, UNTAUGHT, Experiment())


def by_itself(gallery: RatedGallery, rows: np.ndarray) -> list[list]:
    names = [str(n) for n in range(len(rows))]
    return list(gallery.rate(rows, names).values())


def test_ratings_are_what_comes_true() -> None:
    """Of all candidates with a rating about p, a share p is right; so many are new as expected."""
    everyone, rng = animals(200, 6), np.random.default_rng(1)
    in_gallery = np.isin(everyone.individual_id, np.unique(everyone.individual_id)[:120])
    asked = in_gallery & (rng.random(len(everyone)) < 0.25)
    gallery = rated(everyone.take(in_gallery & ~asked))
    rating, right, weight = [], [], []
    for some, share in ((everyone.take(asked), 0.85), (everyone.take(~in_gallery), 0.15)):
        for who, found in zip(some.individual_id, by_itself(gallery, some.embedding), strict=True):
            truth = who if share > 0.5 else NEW_INDIVIDUAL
            rating += [one.rating for one in found]
            right += [one.individual_id == truth for one in found]
            weight += [share / len(some)] * len(found)
            assert sum(one.rating for one in found) <= 1.05
    some = np.array(rating) > 0.02  # of those that are hardly possible there are many
    values, truths, weights = (np.array(part)[some] for part in (rating, right, weight))
    assert expected_calibration_error(values, truths, weights=weights) < 0.05


def test_ratings_fall_and_new_individual_stands_among_them() -> None:
    known = animals(40, 4)
    gallery = rated(known)
    found = by_itself(gallery, known.embedding[:20])
    for who, each in zip(known.individual_id[:20], found, strict=True):
        ratings = [one.rating for one in each]
        assert ratings == sorted(ratings, reverse=True) and 0 <= min(ratings) <= max(ratings) <= 1
        ids = [one.individual_id for one in each]
        assert ids.count(NEW_INDIVIDUAL) == 1 and len(ids) == len(set(ids)) == 23
        assert ids[0] == who  # the photograph itself is in the gallery
        assert all(one.calibrated and bool(one.image) != (one.individual_id == NEW_INDIVIDUAL)
                   for one in each)  # fmt: skip


def test_the_photographs_of_an_animal_are_one_question() -> None:
    known = animals(30, 5)
    gallery = rated(known)
    found = gallery.rate(known.embedding[:5], ["one", "two", "one", "one", "two"])
    assert list(found) == ["one", "two"]
    assert [each[0].individual_id for each in found.values()] == ["w000"] * 2
    best = found["two"][0]
    assert best.image in {"1.jpg", "4.jpg"}  # the photographs themselves
    more = gallery.rate(known.embedding[[1, 4, 100]], ["two", "two", "three"])["two"]
    assert [one.individual_id for one in more] == [one.individual_id for one in found["two"]]
    np.testing.assert_allclose([o.rating for o in more], [o.rating for o in found["two"]], 1e-4)


def test_too_few_individuals_give_no_probability() -> None:
    gallery = rated(animals(5, 4))
    assert not gallery.calibrated
    found = by_itself(gallery, animals(5, 4).embedding[:3])
    assert [[one.rating for one in each] for each in found] == [[pytest.approx(0.17)] * 5] * 3
    assert not any(one.calibrated for each in found for one in each)
    assert [each[0].individual_id for each in found] == ["w000"] * 3  # the order is known


def test_embeddings_are_compared_from_the_middle_of_the_gallery() -> None:
    known = animals(30, 4)
    plain = rated(known)
    moved = replace(known, embedding=known.embedding + 100, about={CENTRED: YES})
    off = known.embedding.mean(axis=0)
    centred = rated(moved)
    again = rated(replace(known, embedding=known.embedding - off))
    asked = known.embedding[:6]
    expected = [each[0].rating for each in by_itself(again, asked - off)]
    got = [each[0].rating for each in by_itself(centred, asked + 100)]
    np.testing.assert_allclose(got, expected, atol=2e-3)
    assert plain.middle is None and centred.middle is not None


def test_a_gallery_of_one_individual() -> None:
    found = by_itself(rated(animals(1, 3)), animals(1, 3).embedding[:1])[0]
    assert [(one.individual_id, one.calibrated) for one in found] == [("w000", False)]
