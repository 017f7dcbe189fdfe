from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.evaluation.fold_metrics import judge, validate


def embed(rows: list[tuple[str, str, float]]) -> Embeddings:
    images, ids, degrees = (list(column) for column in zip(*rows, strict=True))
    angles = np.radians(degrees)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Embeddings(vectors, np.array(images), np.array(ids))


GALLERY = embed([("a", "1", 0), ("b", "2", 30), ("c", "3", 60)])


def test_known_and_new_are_told_apart_and_measured_by_hand() -> None:
    queries = embed([("p", "1", 5), ("q", "2", 50), ("r", "9", 200)])
    metrics = validate(GALLERY, queries, new_share=0.5)
    assert (metrics["queries_known"], metrics["queries_new"]) == (2, 1)
    assert metrics["map5_known"] == pytest.approx((1 + 1 / 2) / 2)  # q is nearer to 3
    assert metrics["rank1_known"] == 0.5
    # by a threshold below 50°'s cosine, r is new first; q has 3, new, 2
    assert metrics["map5_oracle"] == pytest.approx((1 + 1 / 3 + 1) / 3)


def test_an_image_on_both_sides_is_a_leak() -> None:
    with pytest.raises(ValueError, match="a is both"):
        validate(GALLERY, embed([("a", "1", 5)]), 0.15)


def test_judging_predictions_by_hand() -> None:
    answers = {"p": "1", "q": "new_individual", "r": "2", "s": "3"}
    ranked = {
        "p": ["1", "new_individual"],
        "q": ["1", "new_individual"],
        "r": ["1", "3", "2"],
        "x": ["3"],
    }
    found = judge(ranked, answers)  # s has no prediction, x was not asked
    assert found["queries"] == 4
    assert found["queries_new"] == 1
    assert found["map5"] == pytest.approx((1 + 1 / 2 + 1 / 3 + 0) / 4)
    assert found["map5_known"] == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert found["map5_new"] == 0.5
    assert found["rank1"] == 0.25


def test_what_nobody_was_asked_about_has_no_figure() -> None:
    new = validate(GALLERY, embed([("r", "9", 200)]), 0.5)
    assert (new["map5_known"], new["rank1_known"], new["map5_oracle"]) == (None, None, 1.0)
    found = judge({"p": ["1"]}, {"p": "1"})
    assert (found["map5_known"], found["map5_new"]) == (1.0, None)
