"""An inverted file of compressed embeddings proposes what lies near."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search.approximate import (
    empty_index,
    filled,
    near,
    open_index,
    save_index,
)

pytest.importorskip("faiss")


def made(folder: Path, rows: np.ndarray, lists: int) -> Path:
    save_index(folder / "empty.faiss", empty_index(rows, lists))
    blocks = [rows[: len(rows) // 3], rows[len(rows) // 3 :]]
    save_index(folder / "all.faiss", filled(folder / "empty.faiss", blocks))
    return folder / "all.faiss"


@pytest.mark.parametrize("width", [1, 7, 32])  # odd ones are filled up to pairs
@pytest.mark.parametrize("count", [3, 200])  # fewer than there is to learn are enough
def test_each_image_is_near_itself_whatever_its_length(
    tmp_path: Path, width: int, count: int
) -> None:
    rng = np.random.default_rng(width)
    rows = rng.standard_normal((count, width)).astype(np.float32)
    rows *= rng.uniform(0.01, 100, (count, 1)).astype(np.float32)
    index = open_index(made(tmp_path, rows, 2))
    assert near(index, rows, 500, 2).shape == (count, count)  # not more than there are
    if width > 7:
        few = near(index, rows, 20, 2)
        assert np.mean([n in row for n, row in enumerate(few)]) > 0.95


def test_fewer_lists_find_fewer_images(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((400, 8)).astype(np.float32)
    index = open_index(made(tmp_path, rows, 16))
    counts = [(near(index, rows[:50], 400, probes) >= 0).sum() for probes in (1, 4, 16)]
    assert counts[0] < counts[1] < counts[2] <= 50 * 400


def test_a_file_that_is_no_index_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.faiss").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"x\.faiss is damaged .*run `gallery index` again"):
        open_index(tmp_path / "x.faiss")
