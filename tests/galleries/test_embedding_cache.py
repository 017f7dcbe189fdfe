from __future__ import annotations

from pathlib import Path

import numpy as np

from tf_happywhale.galleries.embedding_cache import EmbeddingCache

ABOUT = {"model": "m1", "preprocess": "squashed to 128"}


def rows(*values: float) -> np.ndarray:
    return np.array([[value, 1] for value in values], np.float32)


def test_what_was_added_is_found_in_any_order_by_another_process(tmp_path: Path) -> None:
    store = EmbeddingCache(tmp_path, ABOUT)
    store.add(["a", "b"], rows(1, 2), {"side": ["10", "20"]})
    store.add(["c"], rows(3), {"side": ["30"], "box": ["x"]})
    store.add([], np.zeros((0, 2), np.float32), {})
    for opened in (store, EmbeddingCache(tmp_path, ABOUT)):
        assert "a" in opened and "z" not in opened
        embedding, columns = opened.get(["c", "a"])
        np.testing.assert_array_equal(embedding, rows(3, 1))
        assert columns["side"].tolist() == ["30", "10"]
        assert columns["box"].tolist() == ["x", ""]
    assert len(store.get([])[0]) == 0


def test_another_model_finds_nothing_of_it(tmp_path: Path) -> None:
    EmbeddingCache(tmp_path, ABOUT).add(["a"], rows(1), {})
    for other in ({"model": "m2"}, {"preprocess": "squashed to 256"}):
        assert "a" not in EmbeddingCache(tmp_path, ABOUT | other)
