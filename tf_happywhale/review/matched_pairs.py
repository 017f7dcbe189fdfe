"""What a query and a reference image have in common: the matches of their local points."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from tf_happywhale.inference.matched.crop_points import KEEP_AFTER, Crop, crops_of
from tf_happywhale.inference.matched.local_matching import LocalMatching, ordered
from tf_happywhale.matching.pair_features import FEATURES
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.review.correspondences import (
    Correspondences,
    correspondence_pair,
    correspondences,
)
from tf_happywhale.review.kept_correspondences import FORM, SHOWN, KeptCorrespondences
from tf_happywhale.review.report_content import Common, Pair

RAREST = " (as many in less than 1% of pairs of different animals)"
ENOUGH = 100  # pairs of different animals that a share is taken of
READING = (
    "Coloured lines join points that match and fit together: one shift, turn and stretch of the "
    "picture brings them onto each other. Pale lines are matches that do not fit, or too few. "
    "Lines between the marks of two animals count. Lines between sand, rocks or water only say "
    "that both photographs were taken at one place."
)
RARE = (
    " The percentage says how many pairs of different animals of this gallery have as many points "
    "that fit together: the fewer, the better."
)


def common_of(matching: LocalMatching, queries: Embeddings, gallery: Embeddings) -> Common:
    """Return what says and draws what a query and a reference image have in common.

    The first time a pair is shown it is matched, since only its features were kept; then it is kept
    beside them in the first of the folders of `matching`.

    Args:
        matching: finds points, and matches them.
        queries, gallery: the images, with the columns picture, content and box.
    """
    asked, known = _Looked(matching, queries), _Looked(matching, gallery)
    others = _fit_by_chance(matching, gallery)
    found = KeptCorrespondences(matching.folder(SHOWN, FORM))

    def words(pairs: Sequence[Pair]) -> Mapping[Pair, str]:
        first = asked.keys([query for query, _ in pairs], "photographs")
        second = known.keys([reference for _, reference in pairs], "gallery")
        named = list(zip(first, second, strict=True))
        wanted = {ordered(keys) for keys in named if all(keys)}
        _match([keys for keys in sorted(wanted) if keys not in found], matching, found)
        return {
            pair: found[ordered(keys)].words + _rarity(int(found[ordered(keys)].fit.sum()), others)
            for pair, keys in zip(pairs, named, strict=True)
            if all(keys)
        }

    def picture(pair: Pair) -> np.ndarray:
        crops = asked.crop(pair[0]), known.crop(pair[1])
        keys = crops[0].key, crops[1].key
        common = found[ordered(keys)]
        if ordered(keys) != keys:
            common = common.turned()
        return correspondence_pair(*(crop.read(matching.settings) for crop in crops), common)

    return Common(words, picture, READING + (RARE if len(others) else ""))


def _match(
    pairs: Sequence[tuple[str, str]], matching: LocalMatching, into: KeptCorrespondences
) -> None:
    """Match pairs of keys, and keep what is done every half minute."""
    new: dict[tuple[str, str], Correspondences] = {}
    kept = time.monotonic()
    for keys, a, b, matches in matching.matched(pairs, "what the pages show"):
        new[keys] = correspondences(a, b, matches)
        if time.monotonic() - kept > KEEP_AFTER:
            into.add(new)
            new, kept = {}, time.monotonic()
    into.add(new)


def _fit_by_chance(matching: LocalMatching, gallery: Embeddings) -> np.ndarray:
    """Return how many matches fit together in each pair of images of two individuals of a gallery,
    float32 [p], as far as its images were matched; none if these are too few pairs to count."""
    crops, who = crops_of(gallery), gallery.individual_id.tolist()
    owners: dict[str, set[str]] = {}
    for crop, owner in zip(crops, who, strict=True):
        owners.setdefault(crop.key, set()).add(owner)
    nobody: set[str] = set()
    pairs = [
        features[FEATURES.index("inliers")]
        for (one, other), features in matching.known_pairs()
        if owners.get(one, nobody).isdisjoint(owners.get(other, nobody))
        and one in owners
        and other in owners
    ]
    return np.array(pairs if len(pairs) >= ENOUGH else [], np.float32)


def _rarity(fit: int, others: np.ndarray) -> str:
    """Return which share of the pairs of different animals has as many matches that fit."""
    if not fit or not len(others):
        return ""
    share = float((others >= fit).mean())
    return f" (as many in {share:.0%} of pairs of different animals)" if share >= 0.005 else RAREST


class _Looked:
    """Images by name, and the keys of their crops."""

    def __init__(self, matching: LocalMatching, images: Embeddings) -> None:
        self.matching, self.images = matching, images
        self.rows = {image: row for row, image in enumerate(images.image.tolist())}

    def keys(self, names: Sequence[str], label: str) -> list[str]:
        """Return the keys of crops; an empty one for a picture that cannot be read."""
        rows = np.unique([self.rows[name] for name in names]).astype(int)
        keys = self.matching.look_at(self.images.take(rows), label)
        of = dict(zip(rows.tolist(), keys, strict=True))
        return [of[self.rows[name]] for name in names]

    def crop(self, name: str) -> Crop:
        """Return an image's crop."""
        return crops_of(self.images.take(np.array([self.rows[name]])))[0]
