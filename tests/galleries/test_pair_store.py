"""Features of pairs, kept and read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.galleries.pair_store import PairStore, in_order

A, B, C = ("a" * 24, "b" * 24, "c" * 24)


def features(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


def test_a_pair_has_no_order(tmp_path: Path) -> None:
    store = PairStore(tmp_path)
    store.add({(A, B): features(1, 2.5, 0), (C, A): features(3, 4, 5)})
    for reader in (store, PairStore(tmp_path)):
        assert len(reader) == 2
        for one, other, known in ((A, B, [1, 2.5, 0]), (A, C, [3, 4, 5])):
            assert reader.get(one, other).tolist() == known
            assert reader.get(other, one).tolist() == known
        assert reader.get(B, C) is None


def test_what_is_added_later_is_another_file(tmp_path: Path) -> None:
    store = PairStore(tmp_path)
    store.add({(A, B): features(1)})
    store.add({})
    store.add({(A, C): features(2)})
    assert len(store.files.files()) == 2
    assert len(PairStore(tmp_path)) == 2


def test_the_order_of_matching_is_that_of_the_keys() -> None:
    assert in_order(A, B) and in_order(A, A) and not in_order(C, A)


def test_damage_is_a_sentence(tmp_path: Path) -> None:
    store = PairStore(tmp_path)
    store.add({(A, B): features(1)})
    file = store.files.files()[0]
    file.write_bytes(b"PK" + file.read_bytes()[40:])
    with pytest.raises(InputError, match="damaged"):
        PairStore(tmp_path)
