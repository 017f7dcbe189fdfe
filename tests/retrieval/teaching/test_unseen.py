from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.teaching.unseen import Seen, unseen_individuals


def gallery(*rows: tuple[str, str]) -> Embeddings:
    images, ids = zip(*rows, strict=True)
    return Embeddings(np.ones((len(rows), 1), np.float32), np.array(images), np.array(ids))


WHALES = gallery(("a.jpg", "1"), ("b.jpg", "1"), ("c.jpg", "2"), ("c.jpg#2", "3"), ("d.jpg", "4"))


def test_an_individual_whose_id_and_photograph_are_known_has_been_seen() -> None:
    found = unseen_individuals(WHALES, Seen(frozenset({"1", "9"}), frozenset({"b.jpg"})))
    assert found.images.tolist() == [False, False, True, True, True]
    assert (found.count, found.everyone, found.doubtful) == (3, 4, ())


def test_who_agrees_in_one_of_both_counts_as_seen_and_is_named() -> None:
    found = unseen_individuals(WHALES, Seen(frozenset({"4", "8"}), frozenset({"c.jpg"})))
    assert found.images.tolist() == [True, True, False, False, False]
    assert found.doubtful == ("2", "3", "4")


def test_where_only_ids_are_known_they_decide() -> None:
    found = unseen_individuals(WHALES, Seen(frozenset({"4"})))
    assert found.images.tolist() == [True, True, True, True, False]
    assert found.doubtful == ()


def test_a_model_that_was_trained_on_nothing_has_seen_nobody() -> None:
    found = unseen_individuals(WHALES, Seen())
    assert found.images.all()
    assert (found.count, found.everyone, found.doubtful) == (4, 4, ())


def test_several_models_have_seen_what_any_has() -> None:
    both = Seen(frozenset({"1"}), frozenset({"a.jpg"})) | Seen(frozenset({"4"}))
    assert both == Seen(frozenset({"1", "4"}), frozenset({"a.jpg"}))
