"""What may be wrong in a gallery: one animal under two ids, and images under a wrong id."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.lengths import unit_rows
from tf_happywhale.retrieval.search.candidates import rank_individuals

NAMED = 6  # nearest individuals that are found for each image, its own among them
TRIED = 50  # pairs that are compared image by image, for each pair that is listed


@dataclass(frozen=True)
class Pair:
    """Two individuals that may be one.

    Attributes:
        individual_ids: the two, in text order.
        images: the most similar images, one of each.
        score: the mean, over all images of both, of the highest cosine with an image of the other
            one.
    """

    individual_ids: tuple[str, str]
    images: tuple[str, str]
    score: float


@dataclass(frozen=True)
class Odd:
    """An image that may show another individual than its id says.

    Attributes:
        image: its name.
        individual_id: its id.
        own_image: the nearest other image of that individual.
        own_score: its cosine.
        other_id: the nearest other individual.
        other_image: its nearest image.
        other_score: the cosine of that image.
    """

    image: str
    individual_id: str
    own_image: str
    own_score: float
    other_id: str
    other_image: str
    other_score: float

    @property
    def doubt(self) -> float:
        """How much nearer the other individual is."""
        return self.other_score - self.own_score


def suspected_duplicates(gallery: Embeddings, count: int) -> list[Pair]:
    """Return the most similar pairs of individuals, the most similar first.

    For each image the nearest individuals are found. The pairs with the highest cosines are then
    compared as a whole, so that a single pair of similar pictures, such as two of one day, counts
    less than individuals whose pictures are all similar. Two individuals that one photograph shows
    are never a pair.

    Args:
        gallery: the images.
        count: the largest number of pairs.
    """
    ids, labels = np.unique(gallery.individual_id, return_inverse=True)
    if len(ids) < 2:
        return []
    rows = unit_rows(gallery.embedding)
    named = _named(gallery)
    best: dict[tuple[int, int], float] = {}
    place = {identity: n for n, identity in enumerate(ids.tolist())}
    for row, (whom, scores) in enumerate(zip(named.individual_id, named.score, strict=True)):
        for who, score in zip(whom.tolist(), scores.tolist(), strict=True):
            if who and place[who] != labels[row]:
                pair = tuple(sorted((int(labels[row]), place[who])))
                best[pair] = max(best.get(pair, -1.0), score)
    apart = in_one_photograph(gallery, labels)
    likely = (pair for pair in best if pair not in apart)
    tried = sorted(likely, key=lambda pair: (-best[pair], pair))[: TRIED * count]
    of = _rows_of(labels, len(ids))
    pairs = []
    for one, other in tried:
        cosine = rows[of[one]] @ rows[of[other]].T
        score = np.concatenate([cosine.max(axis=0), cosine.max(axis=1)]).mean()
        a, b = np.unravel_index(int(cosine.argmax()), cosine.shape)
        images = str(gallery.image[of[one][a]]), str(gallery.image[of[other][b]])
        pairs.append(Pair((str(ids[one]), str(ids[other])), images, float(score)))
    return sorted(pairs, key=lambda pair: (-pair.score, pair.individual_ids))[:count]


def suspected_errors(gallery: Embeddings, count: int) -> list[Odd]:
    """Return the images that are much nearer to another individual than to their own, the most
    doubtful first. Individuals with one image are left out.

    Args:
        gallery: the images.
        count: the largest number of images.
    """
    ids, labels = np.unique(gallery.individual_id, return_inverse=True)
    if len(ids) < 2:
        return []
    rows, of, named = unit_rows(gallery.embedding), _rows_of(labels, len(ids)), _named(gallery)
    found = []
    for row, image in enumerate(gallery.image.tolist()):
        own = of[labels[row]]
        own = own[own != row]
        if not len(own):
            continue
        cosine = rows[own] @ rows[row]
        mine = str(gallery.individual_id[row])
        other = next(n for n, who in enumerate(named.individual_id[row]) if who not in ("", mine))
        found.append(
            Odd(
                image,
                mine,
                str(gallery.image[own[int(cosine.argmax())]]),
                float(cosine.max()),
                str(named.individual_id[row, other]),
                str(gallery.image[named.reference[row, other]]),
                float(named.score[row, other]),
            )
        )
    return sorted(found, key=lambda odd: (-odd.doubt, odd.image))[:count]


def flat_map(embedding: np.ndarray) -> np.ndarray:
    """Return a point in the plane for each embedding [n, d], float64 [n, 2].

    The plane holds the two directions in which the embeddings differ most (their principal
    components).
    """
    rows = unit_rows(embedding).astype(np.float64)
    centred = rows - rows.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    flat = centred @ vectors[:, -2:][:, ::-1]
    signs = np.sign(flat[np.abs(flat).argmax(axis=0), np.arange(flat.shape[1])])
    flat = flat * np.where(signs == 0, 1, signs)  # a library may choose either sign
    return np.pad(flat, [(0, 0), (0, 2 - flat.shape[1])])


def in_one_photograph(gallery: Embeddings, labels: np.ndarray) -> set[tuple[int, int]]:
    """Return the pairs of labels, the smaller one first, of which one photograph shows both."""
    shown: dict[str, set[int]] = {}
    for key, label in zip(gallery.image.tolist(), labels.tolist(), strict=True):
        shown.setdefault(photograph_of(key), set()).add(label)
    return {pair for found in shown.values() for pair in combinations(sorted(found), 2)}


def _named(gallery: Embeddings):
    own = gallery.stack()
    return rank_individuals(own, own, gallery.individuals, NAMED, engine="auto")


def _rows_of(labels: np.ndarray, count: int) -> list[np.ndarray]:
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, count)))
