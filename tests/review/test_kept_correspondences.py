"""What two pictures have in common, kept and read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.errors import InputError
from tf_happywhale.review.correspondences import Correspondences
from tf_happywhale.review.kept_correspondences import KeptCorrespondences

A, B, C = ("a" * 24, "b" * 24, "c" * 24)
PAIRS = ((A, B), (A, C), (B, C))


def some(count: int, seed: int = 0) -> Correspondences:
    random = np.random.default_rng(seed)
    first, second = random.random((2, count, 2)).astype(np.float32)
    score = random.random(count).astype(np.float32)
    return Correspondences(first, second, score, random.random(count) < 0.5)


def assert_equal(one: Correspondences, other: Correspondences) -> None:
    for name in ("first", "second", "score", "fit"):
        kept, known = getattr(one, name), getattr(other, name)
        assert kept.dtype == known.dtype
        np.testing.assert_array_equal(kept, known)


@settings(max_examples=30)
@given(files=st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=3), max_size=3))
def test_what_is_kept_is_read_bit_for_bit(tmp_path_factory, files: list[list[int]]) -> None:
    """Pairs of any number of matches, also of none, in any number of files."""
    folder, known = tmp_path_factory.mktemp("kept"), {}
    kept = KeptCorrespondences(folder)
    for number, counts in enumerate(files):
        pairs = [(one[1:] + str(number), other) for one, other in PAIRS]
        new = {pair: some(n, seed=n) for pair, n in zip(pairs, counts, strict=False)}
        kept.add(new)
        known |= new
    kept.add({})
    for reader in (kept, KeptCorrespondences(folder)):
        assert len(reader.files.files()) == len(files)
        assert (B, A) not in reader
        for pair, found in known.items():
            assert pair in reader
            assert_equal(reader[pair], found)


def test_a_pair_takes_little(tmp_path: Path) -> None:
    """A thousand pairs of 30 matches: 21 bytes a match, and 52 for a pair."""
    kept = KeptCorrespondences(tmp_path)
    kept.add({(f"{n:024}", B): some(30, seed=n) for n in range(1000)})
    (file,) = kept.files.files()
    assert file.stat().st_size < 1000 * (30 * 21 + 52) + 4096


WRONG = [
    ("score", lambda a: a[1:]),
    ("score", lambda a: a[:, None]),
    ("score", lambda a: a.astype(str)),
    ("score", lambda a: a + 2),
    ("count", lambda a: a - 1),
    ("count", lambda a: a.astype(np.int64) - 5),
    ("count", lambda a: np.append(a, 3).astype(np.uint32)),
    ("ends", lambda a: a[:, :3]),
    ("ends", lambda a: a.ravel()),
    ("ends", lambda a: a * np.nan),
    ("ends", lambda a: a * 1e30),
    ("fit", lambda a: a.astype(np.float32)),
    ("fit", lambda a: a.astype(np.uint8)),
    ("first", lambda a: a.astype(str)),
    ("first", lambda a: a[None]),
    ("second", lambda a: np.zeros(1)),
    ("second", lambda a: np.array([b"\xff"])),
]


def test_damage_is_a_sentence(tmp_path: Path) -> None:
    kept = KeptCorrespondences(tmp_path)
    kept.add({(A, B): some(4)})
    (file,) = kept.files.files()
    whole = file.read_bytes()
    file.write_bytes(b"PK" + whole[40:])
    with pytest.raises(InputError, match="damaged"):
        KeptCorrespondences(tmp_path)
    file.write_bytes(whole)
    with np.load(file) as archive:
        arrays = dict(archive)
    for name, wrong in WRONG:
        np.savez(file, **arrays | {name: wrong(arrays[name])})
        with pytest.raises(InputError, match=r"damaged .*: remove its folder"):
            KeptCorrespondences(tmp_path)
    np.savez(file, **arrays)
    assert_equal(KeptCorrespondences(tmp_path)[A, B], some(4))
