from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking import Ranking, rank_queries

NEW = "new_individual"
# Angles of the catalogue's images; fold 0 asks "001" (known to fold 1) and "007" (new there).
CATALOGUE = [
    ("a.jpg", "001", 0, 1),
    ("b.jpg", "001", 4, 0),
    ("c.jpg", "002", 40, 1),
    ("d.jpg", "003", 80, 1),
    ("e.jpg", "004", 120, 1),
    ("f.jpg", "007", 200, 0),
]


def embed(degrees: list[float], images: list[str], ids: list[str]) -> Embeddings:
    angles = np.radians(degrees)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Embeddings(vectors, np.array(images), np.array(ids))


def rank(degrees: list[float], **changes) -> Ranking:
    images, ids, angles, folds = (list(column) for column in zip(*CATALOGUE, strict=True))
    options = {
        "preset": "default",
        "engine": "numpy",
        "candidates": 5,
        "threshold": None,
        "new_share": 0.5,
    }
    asked = [f"q{n}.jpg" for n in range(len(degrees))]
    return rank_queries(
        [embed(angles, images, ids)],
        [embed(degrees, asked, [""] * len(asked))],
        [0],
        dict(zip(images, folds, strict=True)),
        **(options | changes),
    )


def test_the_threshold_separates_the_folds_known_from_its_new() -> None:
    ranking = rank([1])
    # the known image is 4° from its gallery, the new one 80° from the nearest
    assert np.cos(np.radians(80)) < ranking.threshold < np.cos(np.radians(4))


def test_ids_are_five_different_ones_with_new_by_the_threshold() -> None:
    ranking = rank([1, 270])
    assert ranking.ids()[0] == ["001", NEW, "002", "003", "004"]
    # 70°, 90°, 130° and 150° away
    assert ranking.ids()[1] == [NEW, "007", "001", "002", "004"]


def test_the_whole_catalogue_is_the_gallery_of_the_real_queries() -> None:
    ranking = rank([200])
    assert ranking.ids()[0][0] == "007"  # held out in the fold, but known now


def test_a_given_threshold_is_taken() -> None:
    assert rank([1], threshold=0.9999).ids()[0][:2] == [NEW, "001"]


def test_the_table_has_the_contracts_columns_and_text() -> None:
    table = rank([1]).table(5)
    assert list(table.columns) == [
        "image", "rank", "individual_id", "score", "p_new", "reference_image",
    ]  # fmt: skip
    assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert table["individual_id"].tolist()[:2] == ["001", NEW]
    assert table["reference_image"].tolist()[:2] == ["a.jpg", ""]
    assert float(table["score"][0]) == pytest.approx(np.cos(np.radians(1)), abs=1e-6)


def test_both_engines_rank_alike() -> None:
    degrees = [3, 50, 100, 150, 250, 300]
    assert rank(degrees).ids() == rank(degrees, engine="sklearn").ids()


def test_two_members_are_one_ensemble() -> None:
    images, ids, angles, folds = (list(column) for column in zip(*CATALOGUE, strict=True))
    gallery, query = embed(angles, images, ids), embed([2], ["q.jpg"], [""])
    fold_of = dict(zip(images, folds, strict=True))
    ranking = rank_queries(
        [gallery, gallery], [query, query], [0, 0], fold_of,
        preset="default", engine="numpy", candidates=5, threshold=None, new_share=0.5,
    )  # fmt: skip
    single = rank([2])
    assert ranking.ids() == single.ids()
    np.testing.assert_allclose(ranking.candidates.score, single.candidates.score, atol=1e-6)


def test_gallery_and_queries_of_different_models_are_refused() -> None:
    images, ids, angles, folds = (list(column) for column in zip(*CATALOGUE, strict=True))
    gallery = replace(embed(angles, images, ids), about={"model": "old"})
    query = replace(embed([2], ["q.jpg"], [""]), about={"model": "new"})
    with pytest.raises(InputError, match="different models"):
        rank_queries(
            [gallery], [query], [0], dict(zip(images, folds, strict=True)),
            preset="default", engine="numpy", candidates=5, threshold=None, new_share=0.5,
        )  # fmt: skip


def test_no_query_ranks_to_nothing() -> None:
    assert rank([]).ids() == []
