"""Which individuals of a gallery a model has never seen, so that they may teach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.retrieval.embeddings import Embeddings


@dataclass(frozen=True)
class Seen:
    """What a model, or several together, were trained on.

    Attributes:
        individuals: their ids.
        images: names of photographs; empty if they are not known.
    """

    individuals: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.individuals or self.images)

    def __or__(self, other: Seen) -> Seen:
        return Seen(self.individuals | other.individuals, self.images | other.images)


@dataclass(frozen=True)
class Unseen:
    """The individuals of a gallery that a model has not seen.

    Attributes:
        images: bool [m], which of the gallery's images show one.
        count: the individuals.
        everyone: all individuals of the gallery.
        doubtful: individuals that count as seen, although only their id or only the name of a
            photograph is one that the model was trained on.
    """

    images: np.ndarray
    count: int
    everyone: int
    doubtful: tuple[str, ...] = ()


def unseen_individuals(gallery: Embeddings, seen: Seen) -> Unseen:
    """Return which individuals of a gallery a model has not seen, neither their id nor the name of
    any of their photographs.

    Ids such as `1`, and names such as `IMG_0001.jpg`, are in many catalogues. If only one of the
    two agrees, it may be another animal. The individual counts as seen: then it teaches nothing,
    whereas an individual that the model knows would teach that all animals are easily told apart.
    """
    ids, who = np.unique(gallery.individual_id, return_inverse=True)
    by_id = np.array([name in seen.individuals for name in ids.tolist()], bool)
    known = [photograph_of(key) in seen.images for key in gallery.image.tolist()]
    by_image = np.bincount(who, known, len(ids)) > 0
    doubtful = by_image & ~by_id if seen.individuals else by_image & False
    if seen.images:
        doubtful = doubtful | (by_id & ~by_image)
    is_seen = by_id | by_image
    return Unseen(~is_seen[who], int((~is_seen).sum()), len(ids), tuple(ids[doubtful].tolist()))
