"""Individuals of a gallery whose images match point by point: they may be one animal."""

from __future__ import annotations

import numpy as np

from tf_happywhale.galleries.curation import Pair, in_one_photograph
from tf_happywhale.galleries.gallery_folder import Gallery
from tf_happywhale.galleries.kept_matching import kept_pairs
from tf_happywhale.galleries.point_store import point_key
from tf_happywhale.matching.pair_features import FEATURES
from tf_happywhale.retrieval.embeddings import Embeddings

LEAST = 10  # matches that fit together; fewer often do by chance


def matched_individuals(gallery: Gallery, images: Embeddings, count: int) -> list[Pair]:
    """Return the pairs of individuals of which two images have most matches that fit together, most
    first. Nothing is matched: only what the gallery keeps is looked up.

    Two individuals that one photograph shows are never a pair.

    Args:
        gallery: the gallery.
        images: its images.
        count: the largest number of pairs.
    """
    ids, labels = np.unique(images.individual_id, return_inverse=True)
    columns = (images.column(name).tolist() for name in ("content", "box"))
    rows: dict[str, list[int]] = {}
    for row, crop in enumerate(zip(*columns, strict=True)):
        if crop[0]:  # without its content nothing is known of an image
            rows.setdefault(point_key(*crop), []).append(row)
    apart, fit = in_one_photograph(images, labels), FEATURES.index("inliers")
    best: dict[tuple[int, int], Pair] = {}
    for keys, features in kept_pairs(gallery.folder):
        for one in rows.get(keys[0], ()):
            for other in rows.get(keys[1], ()):
                first, second = sorted((one, other), key=lambda row: labels[row])
                pair = int(labels[first]), int(labels[second])
                score = float(features[fit])
                if pair[0] == pair[1] or pair in apart or not score >= LEAST:
                    continue
                if pair not in best or score > best[pair].score:
                    shown = str(images.image[first]), str(images.image[second])
                    best[pair] = Pair((str(ids[pair[0]]), str(ids[pair[1]])), shown, score)
    return sorted(best.values(), key=lambda pair: (-pair.score, pair.individual_ids))[:count]
