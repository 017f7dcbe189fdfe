"""Local matching of pictures: features of pairs, each computed once and kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from tf_happywhale.config import Match
from tf_happywhale.galleries.numbered_arrays import folder_of
from tf_happywhale.galleries.pair_store import PAIRS, PairStore, in_order
from tf_happywhale.galleries.point_store import POINTS, PointStore
from tf_happywhale.inference.matched.crop_points import KEEP_AFTER, crops_of, find_points
from tf_happywhale.inference.matched.match_networks import Networks, load_networks
from tf_happywhale.matching.local_points import LocalPoints
from tf_happywhale.matching.pair_features import FEATURES, Found, pair_features
from tf_happywhale.retrieval.embeddings import Embeddings

CHUNK = 32  # pairs given to the matcher at a time
Pair = tuple[str, str]
Store = TypeVar("Store", PointStore, PairStore)


class LocalMatching:
    """Networks, and what they have found before.

    Args:
        settings: the config's section.
        homes: folders in which points and pairs are looked up. The first one must be writable.
        networks: that find points and match them; None: those that the settings name.

    Attributes:
        homes: these folders.
        failed: why a picture could not be looked at, by image.
        compared, seconds: how many pairs were matched, and how long that took.
    """

    def __init__(
        self, settings: Match, homes: Sequence[Path], networks: Networks | None = None
    ) -> None:
        self.settings = settings
        self.networks = networks or load_networks(settings)
        self.homes = list(dict.fromkeys(map(Path, homes)))
        points = self.networks.about_points(settings)
        pairs = self.networks.about_pairs(settings)
        self.points = [PointStore(folder_of(home, POINTS, points)) for home in self.homes]
        self.pairs = [PairStore(folder_of(home, PAIRS, pairs)) for home in self.homes]
        self.failed: dict[str, str] = {}
        self.compared, self.seconds = 0, 0.0

    @property
    def way(self) -> str:
        """The name of the folders of pairs, another one where they are matched in another way."""
        return self.pairs[0].files.folder.name

    @property
    def seconds_a_pair(self) -> float:
        """How long a pair took; NaN if none was matched."""
        return self.seconds / self.compared if self.compared else float("nan")

    def folder(self, kind: str, form: str) -> Path:
        """Return the folder in the first home for what else is kept of pairs, see `folder_of`.

        Args:
            kind: see there.
            form: how it is made of a pair's matches.
        """
        about = self.networks.about_pairs(self.settings) | {kind: form}
        return folder_of(self.homes[0], kind, about)

    def look_at(self, images: Embeddings, label: str, into: int = 0) -> list[str]:
        """Find the points of images' crops, unless that was done, and return the images' keys; an
        empty one for a picture that cannot be read.

        Args:
            images: with the columns picture, content and box.
            label: what they are, for the progress bar.
            into: number of the home that keeps new points (the last one for a higher number);
                the first one if it may not be written to.
        """
        crops = crops_of(images)
        failed = find_points(
            crops,
            self.settings,
            self.networks.extractor,
            self.points,
            _into(self.points, into),
            label,
        )
        self.failed |= {crop.image: failed[crop.key] for crop in crops if crop.key in failed}
        return ["" if crop.key in failed else crop.key for crop in crops]

    def features(
        self,
        first: Embeddings,
        second: Embeddings,
        pairs: np.ndarray,
        label: str,
        into: int = 0,
    ) -> np.ndarray:
        """Return the features of pairs, float32 [p, 3]; NaN where a picture cannot be read.

        They do not depend on which picture comes first. Pairs that were matched before are not
        matched again.

        Args:
            first, second: images with the columns picture, content and box.
            pairs: rows of `first` and of `second`, int64 [p, 2].
            label: the text of the progress bar.
            into: see `look_at`.
        """
        named = self._named(first, second, pairs, label, into)
        wanted = sorted(set(filter(all, named)))
        self._match([pair for pair in wanted if self._known(pair) is None], label, into)
        nothing = np.full(len(FEATURES), np.nan, np.float32)
        rows = [self._known(pair) if all(pair) else nothing for pair in named]
        return np.stack(rows) if rows else np.zeros((0, len(FEATURES)), np.float32)

    def _named(
        self, first: Embeddings, second: Embeddings, pairs: np.ndarray, label: str, into: int
    ) -> list[Pair]:
        """Find the points of pairs, and return the pairs by key, each in its order; with an empty
        key where a picture cannot be read."""
        keys = []
        for images, rows in ((first, pairs[:, 0]), (second, pairs[:, 1])):
            rows = np.unique(rows)
            found = self.look_at(images.take(rows), label, into)
            keys.append(dict(zip(rows.tolist(), found, strict=True)))
        return [ordered((keys[0][a], keys[1][b])) for a, b in pairs.tolist()]

    def matched(
        self, pairs: Sequence[Pair], label: str
    ) -> Iterator[tuple[Pair, LocalPoints, LocalPoints, Found]]:
        """Yield pairs of pictures with the points of both, and their matches. A pair is matched in
        the order of `ordered`.

        Args:
            pairs: keys of pictures, see `look_at`.
            label: the text of the progress bar.
        """
        pairs = [ordered(pair) for pair in pairs]
        with tqdm(
            total=len(pairs), desc=f"pairs, {label}", unit="pair", leave=False, disable=not pairs
        ) as progress:
            for start in range(0, len(pairs), CHUNK):
                some = pairs[start : start + CHUNK]
                points = [(self._points_of(one), self._points_of(other)) for one, other in some]
                matches = self.networks.matcher(points)
                for pair, (a, b), its in zip(some, points, matches, strict=True):
                    yield pair, a, b, its
                progress.update(len(some))

    def known_pairs(self) -> Iterator[tuple[Pair, np.ndarray]]:
        """Yield the keys and features of all pairs that are kept."""
        for store in self.pairs:
            for (one, other), features in store.known.items():
                yield (one.decode(), other.decode()), features

    def _known(self, pair: Pair) -> np.ndarray | None:
        found = (store.get(*pair) for store in self.pairs)
        return next((features for features in found if features is not None), None)

    def _points_of(self, key: str) -> LocalPoints:
        return next(store for store in self.points if key in store).get(key)

    def _match(self, pairs: Sequence[Pair], label: str, into: int) -> None:
        """Match pairs, and keep what is done every half minute."""
        found: dict[Pair, np.ndarray] = {}
        started = kept = time.monotonic()
        for pair, a, b, matches in self.matched(pairs, label):
            found[pair] = pair_features(a, b, matches)
            if time.monotonic() - kept > KEEP_AFTER:
                self._keep(found, into)
                found, kept = {}, time.monotonic()
        self._keep(found, into)
        self.compared += len(pairs)
        self.seconds += time.monotonic() - started

    def _keep(self, found: dict[Pair, np.ndarray], into: int) -> None:
        new = {pair: its for pair, its in found.items() if self._known(pair) is None}
        _into(self.pairs, into).add(new)


def _into(stores: Sequence[Store], number: int) -> Store:
    """Return the store of that number, or the first one if that may not be written to."""
    store = stores[min(number, len(stores) - 1)]
    return store if store.files.writable else stores[0]


def ordered(pair: Pair) -> Pair:
    """Return a pair of keys in the order in which it is matched."""
    return pair if in_order(*pair) else (pair[1], pair[0])
