"""What pairs of pictures have in common, kept so that pages are written again without matching."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np

from tf_happywhale.disk.array_checks import checked
from tf_happywhale.galleries.numbered_arrays import NumberedArrays, damaged
from tf_happywhale.galleries.point_store import DIGITS
from tf_happywhale.review.correspondences import LEAST, Correspondences

SHOWN = "shown"  # the kind, see `folder_of`
FORM = f"1, of {LEAST} places"  # another one where correspondences are made in another way
ARRAYS = ("first", "second", "count", "ends", "score", "fit")
MOST = 2**16  # matches of a pair
REACH = (
    -1,
    2,
)  # of the ends of a match, in sides of the picture: they lie in it, or a little outside
FLOAT = 1e-6  # rounding of a score in float32
Pair = tuple[str, str]  # keys of two pictures, in the order of `ordered`


class KeptCorrespondences:
    """The correspondences of pairs in a folder of numbered files, by the pictures' keys.

    A match takes 21 bytes: four float32 for its ends, one for its score, and a bool for its fit.

    Args:
        folder: of pairs that one network matched, see `folder_of`.
    """

    def __init__(self, folder: Path) -> None:
        self.files = NumberedArrays(folder, SHOWN, ARRAYS)
        self._known: dict[Pair, Correspondences] = {}
        for file in self.files.files():
            arrays = self.files.read(file)
            try:
                self._known |= _unpacked(**arrays)
            except (ValueError, TypeError) as error:
                raise damaged(file, error) from None

    def __contains__(self, pair: Pair) -> bool:
        return pair in self._known

    def __getitem__(self, pair: Pair) -> Correspondences:
        return self._known[pair]

    def add(self, found: Mapping[Pair, Correspondences]) -> None:
        """Write the correspondences of pairs.

        Raises:
            InputError: another process has been writing to the folder for a minute.
        """
        if found:
            self.files.add(_packed(found))
            self._known |= found


def _packed(found: Mapping[Pair, Correspondences]) -> dict[str, np.ndarray]:
    """Return the arrays of a file: two keys and the number of matches of each of p pairs, and of
    all t matches, one pair after the other, `ends` float32 [t, 4] (x and y in the first picture,
    then in the second one), `score` float32 [t] and `fit` bool [t]."""
    each = list(found.values())
    first, second = zip(*found, strict=True)
    ends = [np.concatenate([one.first, one.second], axis=1) for one in each]
    return {
        "first": np.array(first, f"S{DIGITS}"),
        "second": np.array(second, f"S{DIGITS}"),
        "count": np.array([len(one.score) for one in each], np.uint32),
        "ends": np.concatenate(ends).astype(np.float32),
        "score": np.concatenate([one.score for one in each]).astype(np.float32),
        "fit": np.concatenate([one.fit for one in each]).astype(bool),
    }


def _unpacked(
    first: np.ndarray,
    second: np.ndarray,
    count: np.ndarray,
    ends: np.ndarray,
    score: np.ndarray,
    fit: np.ndarray,
) -> dict[Pair, Correspondences]:
    """Return what was packed.

    Raises:
        ValueError: they are other arrays, or not as long as `count` says.
    """
    total = int(checked(count, "u", [None], high=MOST).sum(dtype=np.int64))
    checked(ends, "f", [total, 4], *REACH)
    checked(score, "f", [total], 0, 1 + FLOAT)
    checked(fit, "b", [total])
    for keys in (first, second):
        checked(keys, "S", [len(count)])
    starts = [0, *np.cumsum(count, dtype=np.int64).tolist()]
    pairs = zip(first.tolist(), second.tolist(), pairwise(starts), strict=True)
    return {
        (one.decode(), other.decode()): Correspondences(
            ends[start:end, :2], ends[start:end, 2:], score[start:end], fit[start:end]
        )
        for one, other, (start, end) in pairs
    }
