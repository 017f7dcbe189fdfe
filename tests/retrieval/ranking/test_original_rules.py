"""`rank.preset=original` against the notebook's way, written out in pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from tf_happywhale.config import Rank
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.trained_on import TrainedOn, all_but, assignment_of
from tf_happywhale.retrieval.ranking.original_rules import (
    PADDING,
    not_honoured,
    original_padding,
    rank_by_original_rules,
    rank_queries_by_original_rules,
)
from tf_happywhale.retrieval.search.joined_rows import stack

NEW = "new_individual"


def notebook_table(gallery, ids, queries, names, k: int) -> pd.DataFrame:
    """Best confidence of each (image, individual) among k neighbours, best first."""
    search = NearestNeighbors(n_neighbors=k, metric="cosine").fit(gallery)
    distances, rows = search.kneighbors(queries, k, return_distance=True)
    table = pd.DataFrame(
        {
            "image": np.repeat(names, k),
            "target": np.asarray(ids)[rows.ravel()],
            "confidence": 1 - distances.ravel(),
        }
    )
    table = table.groupby(["image", "target"]).confidence.max().reset_index()
    return table.sort_values("confidence", ascending=False, kind="stable")


def notebook_predictions(table: pd.DataFrame, threshold: float, fill: list[str]) -> dict:
    predictions: dict[str, list[str]] = {}
    for row in table.itertuples():
        if row.image not in predictions:
            pair = [row.target, NEW] if row.confidence > threshold else [NEW, row.target]
            predictions[row.image] = pair
        elif len(predictions[row.image]) < 5:
            predictions[row.image].append(row.target)
    return {
        image: (ids + [other for other in fill if other not in ids])[:5]
        for image, ids in predictions.items()
    }


def precision(ids: list[str], answer: str) -> float:
    return 1 / (ids.index(answer) + 1) if answer in ids else 0.0


@pytest.fixture(scope="module")
def case() -> dict:
    """200 images of 25 individuals, five of them only in the validation fold, and 60 queries."""
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(25, 16)) * 1.2
    who = np.concatenate([np.arange(25), rng.integers(0, 20, 175)])
    folds = np.concatenate([np.arange(20) % 5, np.zeros(5, int), rng.integers(0, 5, 175)])
    scale = rng.uniform(0.3, 3, (200, 1))  # lengths differ, as raw embeddings' do
    return {
        "gallery": ((centres[who] + rng.normal(size=(200, 16))) * scale).astype(np.float32),
        "ids": np.array([f"{n:04d}" for n in who]),
        "folds": folds,
        "queries": rng.normal(size=(60, 16)) + centres[who[:60]] * rng.integers(0, 2, (60, 1)),
        "images": np.array([f"g{n}.jpg" for n in range(200)]),
        "asked": np.array([f"q{n:02d}.jpg" for n in range(60)]),
    }


def test_the_submission_equals_the_notebooks(case: dict) -> None:
    held_out = case["folds"] == 0
    known = case["gallery"][~held_out], case["ids"][~held_out]
    count = len(known[0])
    fill = sorted(set(case["ids"]), key=lambda i: (-list(case["ids"]).count(i), i))
    table = notebook_table(*known, case["gallery"][held_out], case["images"][held_out], count)
    answers = {
        image: identity if identity in set(known[1]) else NEW
        for image, identity in zip(case["images"][held_out], case["ids"][held_out], strict=True)
    }
    assert NEW in answers.values()
    cv = {}
    for step in range(11):
        predicted = notebook_predictions(table, step / 10, fill)
        each = {image: precision(predicted[image], answer) for image, answer in answers.items()}
        new = [each[image] for image, answer in answers.items() if answer == NEW]
        old = [each[image] for image, answer in answers.items() if answer != NEW]
        cv[step / 10] = 0.15 * np.mean(new) + 0.85 * np.mean(old)
    threshold = max(cv, key=cv.get)
    final = notebook_table(case["gallery"], case["ids"], case["queries"], case["asked"], 200)
    expected = notebook_predictions(final, threshold, fill)

    folds = dict(zip(case["images"].tolist(), case["folds"].tolist(), strict=True))
    about = {"trained_on": all_but(0, "records", folds)}
    known = Embeddings(case["gallery"], case["images"], case["ids"], about)
    asked = Embeddings(case["queries"].astype(np.float32), case["asked"], np.full(60, ""), about)
    ranking = rank_queries_by_original_rules(
        LabelledGallery(make_ensemble([known], case["images"].tolist()), case["ids"], folds),
        make_ensemble([asked], case["asked"].tolist()),
        Rank(preset="original"),
    )
    assert ranking.rule.threshold == threshold
    assert 0 < sum(ids[0] == NEW for ids in ranking.ids()) < 60  # both sides occur
    assert dict(zip(ranking.images, ranking.ids(), strict=True)) == expected


def test_850_neighbours_may_hold_fewer_than_five_individuals() -> None:
    gallery = np.concatenate([np.tile([[1.0, 0.01]], (900, 1)), [[0.0, 1.0]]]).astype(np.float32)
    found = rank_by_original_rules(
        stack([np.array([[1.0, 0.0]])]), stack([gallery]), ["a"] * 900 + ["b"], 5
    )
    assert found.individual_id.tolist() == [["a", "", "", "", ""]]


def test_padding_is_the_notebooks_where_the_catalogue_has_it() -> None:
    assert original_padding(["x", *PADDING, "x"]) == list(PADDING)
    assert original_padding(["b", "a", "b"]) == ["b", "a"]


def test_models_that_have_seen_everything_need_a_threshold(case: dict) -> None:
    folds = dict(zip(case["images"].tolist(), case["folds"].tolist(), strict=True))
    about = {"trained_on": str(TrainedOn("r", frozenset(range(5)), assignment_of(folds)))}
    known = Embeddings(case["gallery"], case["images"], case["ids"], about)
    side = make_ensemble([known], case["images"].tolist())
    gallery = LabelledGallery(side, case["ids"], folds)
    with pytest.raises(InputError, match=r"set rank\.threshold"):
        rank_queries_by_original_rules(gallery, side, Rank(preset="original"))
    given = Rank(preset="original", threshold=0.5)
    ranking = rank_queries_by_original_rules(gallery, side, given)
    assert [row[0] for row in ranking.ids()] == case["ids"].tolist()  # every image finds itself


def test_an_empty_gallery_knows_nobody() -> None:
    found = rank_by_original_rules(stack([np.ones((2, 3))]), stack([np.zeros((0, 3))]), [], 5)
    assert (found.individual_id == "").all() and np.isneginf(found.score).all()


def test_what_these_rules_do_not_know_is_said() -> None:
    assert not_honoured(Rank(preset="original", threshold=0.5, members=3)) == []
    said = not_honoured(Rank(preset="original", mirrored="images", new="column"))
    assert [sentence.split(" ")[0] for sentence in said] == [
        "rank.mirrored=images",
        "rank.new=column",
    ]
