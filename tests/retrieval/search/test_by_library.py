from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search import by_library
from tf_happywhale.retrieval.search.by_library import nearest_by_library
from tf_happywhale.retrieval.search.exact import nearest
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack, stack


def rows(count: int, seed: int) -> Stack:
    return stack([np.random.default_rng(seed).normal(size=(count, 8))])


def test_more_images_are_asked_for_until_enough_labels_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(by_library, "START", 5)
    labels = np.random.default_rng(0).integers(0, 6, 300)  # fifty images of each
    found = nearest_by_library(rows(9, 1), rows(300, 2), labels, 5, "sklearn")
    assert (found.label == nearest(rows(9, 1), rows(300, 2), labels, 5).label).all()


def test_scikit_learn_knows_no_centres() -> None:
    blend = Blend(rows(5, 0), rows(5, 1), 0.5)
    with pytest.raises(InputError, match="knows no centres"):
        nearest_by_library(rows(1, 2), blend, np.arange(5), 2, "sklearn")


def test_what_an_inexact_index_never_finds_is_searched_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gallery, labels, asked = rows(400, 2), np.arange(400), []

    def poor(queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        asked.append(count)
        images = np.full((len(queries), count), -1)
        images[:, 0] = 3
        return np.where(images < 0, -3e38, 0.5), images

    monkeypatch.setattr(by_library, "make_search", lambda *_: poor)
    found = nearest_by_library(rows(9, 1), gallery, labels, 5, "faiss")
    exact = nearest(rows(9, 1), gallery, labels, 5)
    assert (found.label == exact.label).all()
    assert (found.score == exact.score).all()
    assert (found.image == exact.image).all()
    assert asked == [by_library.START]  # more of an index that has no more is only more memory


def test_only_what_an_inexact_index_has_no_more_of_is_searched_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gallery, labels, asked = rows(400, 2), np.zeros(400, int), []
    labels[:4] = [1, 2, 3, 4]  # far down among the images of the first

    def some(queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The first query's images end; the other's go on."""
        asked.append(queries.shape[0])
        cosine = queries @ gallery.tile(slice(None)).T
        images = np.argsort(-cosine, axis=1)[:, :count]
        scores = np.take_along_axis(cosine, images, 1)
        if len(asked) == 1:
            images[0, 1:] = -1
        return scores, images

    monkeypatch.setattr(by_library, "make_search", lambda *_: some)
    found = nearest_by_library(rows(2, 1), gallery, labels, 5, "faiss")
    assert (found.label == nearest(rows(2, 1), gallery, labels, 5).label).all()
    assert asked[:2] == [2, 1]
