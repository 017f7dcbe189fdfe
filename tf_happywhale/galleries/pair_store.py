"""Features of pairs of pictures, kept while matching runs, so that a stopped one goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from tf_happywhale.galleries.numbered_arrays import NumberedArrays, damaged
from tf_happywhale.galleries.point_store import DIGITS

PAIRS = "pairs"  # the kind, see `folder_of`
ARRAYS = ("first", "second", "features")


class PairStore:
    """The features of pairs in a folder of numbered files. A pair has no order.

    Args:
        folder: of pairs that one network matched, see `folder_of`.
    """

    def __init__(self, folder: Path) -> None:
        self.files = NumberedArrays(folder, PAIRS, ARRAYS)
        self.known: dict[tuple[bytes, bytes], np.ndarray] = {}
        for file in self.files.files():
            arrays = self.files.read(file)
            if len({len(array) for array in arrays.values()}) > 1:
                raise damaged(file, ValueError("arrays of other lengths"))
            self._take_in(**arrays)

    def __len__(self) -> int:
        return len(self.known)

    def get(self, one: str, other: str) -> np.ndarray | None:
        """Return the features float32 [f] of a pair by its pictures' keys; None if it is not
        there."""
        return self.known.get(_key(one, other))

    def add(self, features: Mapping[tuple[str, str], np.ndarray]) -> None:
        """Write the features of pairs.

        Raises:
            InputError: another process has been writing to the folder for a minute.
        """
        if not features:
            return
        keys = [_key(*pair) for pair in features]
        arrays = {
            "first": np.array([one for one, _ in keys], f"S{DIGITS}"),
            "second": np.array([other for _, other in keys], f"S{DIGITS}"),
            "features": np.stack(list(features.values())).astype(np.float32),
        }
        self.files.add(arrays)
        self._take_in(**arrays)

    def _take_in(self, first: np.ndarray, second: np.ndarray, features: np.ndarray) -> None:
        self.known.update(
            zip(zip(first.tolist(), second.tolist(), strict=True), features, strict=True)
        )


def copy_pairs(keys: Iterable[str], source: PairStore, target: PairStore) -> None:
    """Add the pairs of some pictures that one store has and another lacks to the other."""
    wanted = {key.encode() for key in keys}
    target.add(
        {
            (one.decode(), other.decode()): features
            for (one, other), features in source.known.items()
            if one in wanted and other in wanted and (one, other) not in target.known
        }
    )


def in_order(one: str, other: str) -> bool:
    """Return whether two pictures' keys are in the order in which a pair is matched."""
    return one <= other


def _key(one: str, other: str) -> tuple[bytes, bytes]:
    low, high = sorted((one.encode(), other.encode()))
    return low, high
