from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embedded_names import embedded_names
from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings

ROWS = np.ones((2, 3), np.float32)


def test_names_of_our_own_file(tmp_path: Path) -> None:
    images = Embeddings(ROWS, np.array(["a.jpg", "b.jpg"]), np.array(["w1", ""]))
    save_embeddings(tmp_path / "e.npz", images)
    assert embedded_names(tmp_path / "e.npz") == (["a.jpg", "b.jpg"], ["w1", ""])


def test_names_of_another_programs_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "e.npz", embedding=ROWS, image=np.array(["a.jpg", "b.jpg"]))
    assert embedded_names(tmp_path / "e.npz") == (["a.jpg", "b.jpg"], ["", ""])


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off"])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "e.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"e\.npz"):
        embedded_names(tmp_path / "e.npz")
