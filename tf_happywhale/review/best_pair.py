"""The animal in a photograph and the image of an individual that are most alike, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.disk.files import atomic_write
from tf_happywhale.errors import InputError
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.matching.pair_features import FEATURES
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.review.matched_pairs import common_of

ORDER = ("total", "matches", "inliers")  # the last one counts most
GAP, PAPER = 12, 255  # between pictures, pixels


@dataclass(frozen=True)
class BestPair:
    """Two images.

    Attributes:
        image: the key of the animal in the photograph.
        reference: the individual's image.
        words: how alike they are.
        pictures: what that rests on, each uint8 RGB [h, w, 3].
    """

    image: str
    reference: str
    words: str
    pictures: list[np.ndarray]


def best_pair(
    queries: Embeddings,
    gallery: Embeddings,
    individual_id: str,
    model: TrainedModel,
    matching: LocalMatching | None,
) -> BestPair:
    """Return the pair whose local points match best; or the one with the highest cosine, if
    pictures are not matched. Which parts a model finds alike is drawn if it was taught individuals.

    Args:
        queries: the animals in the photograph.
        gallery: the reference images.
        individual_id: whose images count; it has some.
        model: that embedded both.
        matching: matches them; None: nothing does.
    """
    known = gallery.take(np.flatnonzero(gallery.individual_id == individual_id))
    if matching is None:
        found = rank_individuals(queries.embedding, known.embedding, ["one"] * len(known), 1)
        animal = int(found.score[:, 0].argmax())
        rows, words = (animal, found.reference[animal, 0]), f"score {found.score[animal, 0]:.3f}"
    else:
        rows, words = _best_matched(queries, known, matching), ""
    names = str(queries.image[rows[0]]), str(known.image[rows[1]])
    pictures = []
    if matching is not None:
        common = common_of(matching, queries, gallery)
        words = common.words([names])[names]
        pictures.append(common.picture(names))
    if matching is None or model.taught:
        from tf_happywhale.review.explanation import why_of  # which imports Keras

        why = why_of(model, queries, known)
        pictures += [picture for _, picture in why(names[0], individual_id, names[1])]
    return BestPair(*names, words, pictures)


def write_pair(found: BestPair, individual_id: str, folder: Path) -> Path:
    """Write the pictures as one PNG, named after the photograph and the individual, and return its
    path."""
    name = re.sub(r"[^\w.-]", "_", f"{Path(photograph_of(found.image)).stem} {individual_id}")
    file, drawn = folder / f"{name}.png", below_each_other(found.pictures)
    mark_own_output(folder)
    with atomic_write(file) as making:
        making.write_bytes(cv2.imencode(".png", drawn[:, :, ::-1])[1].tobytes())
    return file


def below_each_other(pictures: list[np.ndarray]) -> np.ndarray:
    """Return pictures uint8 [h, w, 3] as one, each below the one before."""
    width = max(picture.shape[1] for picture in pictures)
    rows = []
    for picture in pictures:
        missing = width - picture.shape[1]
        rows.append(np.pad(picture, ((0, GAP), (0, missing), (0, 0)), constant_values=PAPER))
    return np.concatenate(rows)[:-GAP]


def _best_matched(
    queries: Embeddings, known: Embeddings, matching: LocalMatching
) -> tuple[int, int]:
    """Return the rows of the pair with most matches that fit together.

    Raises:
        InputError: no pair can be read.
    """
    pairs = np.indices((len(queries), len(known))).reshape(2, -1).T
    features = matching.features(queries, known, pairs, "the individual")
    readable = np.isfinite(features).all(axis=1)
    if not readable.any():
        raise InputError(next(iter(matching.failed.values())))
    keys = [features[readable, FEATURES.index(name)] for name in ORDER]
    animal, image = pairs[readable][np.lexsort(keys)[-1]].tolist()
    return animal, image
