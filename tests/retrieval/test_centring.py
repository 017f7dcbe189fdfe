from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.embeddings import Embeddings


def rows(values: list[list[float]], **about: str) -> Embeddings:
    return Embeddings(
        np.array(values, np.float32),
        np.array([f"{n}.jpg" for n in range(len(values))]),
        np.full(len(values), "01"),
        about,
    )


def test_the_gallerys_mean_is_taken_from_both() -> None:
    gallery = rows([[10, 1], [10, 3]], centred="yes")
    queries, known = centred(rows([[11, 2]], centred="yes"), gallery)
    assert known.embedding.tolist() == [[0, -1], [0, 1]]
    assert queries.embedding.tolist() == [[1, 0]]
    assert centred(queries, known) == (queries, known)  # once is enough
    assert gallery.embedding.tolist() == [[10, 1], [10, 3]]  # what is stored stays as it is


def test_other_embeddings_stay_as_they_are() -> None:
    queries, gallery = rows([[11, 2]]), rows([[10, 1], [10, 3]])
    assert centred(queries, gallery) == (queries, gallery)


def test_a_gallery_of_one_image_stays_as_it_is() -> None:
    """Nothing would be left of its image, and a row of zeros has no direction."""
    for count in (1, 2):
        queries, gallery = rows([[11, 2]], centred="yes"), rows([[10, 1]] * count, centred="yes")
        assert centred(queries, gallery) == (queries, gallery)


def test_an_empty_gallery_stays_empty() -> None:
    queries = rows([[11, 2]], centred="yes")
    gallery = queries.take(np.zeros(0, np.int64))
    assert centred(queries, gallery) == (queries, gallery)
