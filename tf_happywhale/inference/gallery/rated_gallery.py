"""A gallery in memory that rates its individuals: how likely is each of them right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.config import Experiment
from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.gallery.learned_here import learned_here
from tf_happywhale.inference.teaching.held_out import held_out
from tf_happywhale.inference.teaching.taught_shares import with_taught_shares
from tf_happywhale.inference.teaching.who_teaches import who_teaches
from tf_happywhale.retrieval.centring import CENTRED, DONE, centred
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.new_individual.ratings import (
    Rated,
    Shares,
    ratings,
)
from tf_happywhale.retrieval.ranking.learned import Learned
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.search.scored import rank_scored
from tf_happywhale.retrieval.teaching.members import join_again
from tf_happywhale.retrieval.teaching.questions import NAMED, ask
from tf_happywhale.retrieval.teaching.taught_ratings import learned_shares


@dataclass(frozen=True)
class RatedGallery:
    """The reference images, and what their ratings rest on.

    Attributes:
        rows: float32 [m, d], their embeddings as they are compared, of length 1.
        individual_id, image: str [m].
        individuals: how many there are.
        learned: P(right) of the best candidate, and P(new).
        shares: how the others share what is left.
        best_of: an individual's score is the mean over this number of its best images.
        new_share: how many animals are expected to be new, before they are looked at.
        middle: float64 [d], which is taken away from embeddings; None: nothing is.
        weights: the models' shares that the gallery has taught; None: embeddings have the right
            ones.
        about: what made the embeddings.
    """

    rows: np.ndarray
    individual_id: np.ndarray
    image: np.ndarray
    individuals: int
    learned: Learned
    shares: Shares
    best_of: int
    new_share: float
    middle: np.ndarray | None
    weights: tuple[float, ...] | None
    about: dict[str, str]

    @property
    def calibrated(self) -> bool:
        """Whether it is known how likely a candidate is right."""
        return self.learned.wrong_weights is not None

    def rate(self, embedding: np.ndarray, animals: Sequence[str]) -> dict[str, list[Rated]]:
        """Return for each animal the individuals and `new_individual`, the most probable first.

        Without calibration all individuals have the same rating, that of a guess, and
        `new_individual` is left out.

        Args:
            embedding: of photographs [n, d], as the identifier makes them.
            animals: which animal each of them shows, str [n].
        """
        asked = self._compared(embedding)
        known, count = self.rows, min(NAMED, self.individuals)
        found = rank_scored(
            lambda rows: asked[rows] @ known.T, self.individual_id, animals, count, self.best_of
        )
        each = self._ratings(found.score)
        p_new = self.learned.p_new(found.score)
        first: dict[str, int] = {}
        for n, name in enumerate(animals):
            first.setdefault(name, n)
        best = _nearest(asked, known, found.reference, animals)
        return {
            name: self._named(found.individual_id[n].tolist(), each[n], best[n], p_new[n])
            for name, n in first.items()
        }

    def _compared(self, embedding: np.ndarray) -> np.ndarray:
        """Return embeddings as they are compared, float32 [n, d] of length 1."""
        if self.middle is not None:
            embedding = (embedding - self.middle).astype(np.float32)
        if self.weights is not None:
            names = np.arange(len(embedding)).astype(np.str_)
            joined = Embeddings(embedding, names, names, self.about)
            embedding = join_again(joined, self.weights).embedding
        return stack([embedding]).tile(slice(None))

    def _ratings(self, score: np.ndarray) -> np.ndarray:
        if not self.calibrated:
            return np.full(score.shape, (1 - self.new_share) / self.individuals)
        standard = self.learned.line.standard(score)
        p_new = self.learned.p_new(score)
        return ratings(self.learned.p_right(score), p_new, self.shares(standard))

    def _named(
        self, ids: list[str], each: np.ndarray, references: np.ndarray, p_new: float
    ) -> list[Rated]:
        found = [
            Rated(who, float(rating), str(self.image[row]), self.calibrated)
            for who, rating, row in zip(ids, each, references, strict=True)
            if who
        ]
        if self.calibrated and np.isfinite(p_new):
            found.append(Rated(NEW_INDIVIDUAL, float(p_new)))
        return sorted(found, key=lambda one: -one.rating)  # stable: equal ones keep their order


def rate_gallery(known: Embeddings, identifier: Identifier, experiment: Experiment) -> RatedGallery:
    """Return a gallery that rates, by embeddings alone: nothing is matched point by point.

    Args:
        known: the reference images.
        identifier: has embedded them.
        experiment: the sections rank and identify.
    """
    nobody = known.take(np.arange(min(1, len(known))))
    asked, compared = centred(nobody, known)
    middle = None
    if compared.about.get(CENTRED) == DONE and known.about.get(CENTRED) != DONE:
        middle = known.embedding.mean(axis=0, dtype=np.float64)
    teacher = who_teaches(identifier, known)
    best_of = experiment.rank.best_of
    taught, asked, compared = with_taught_shares(identifier, teacher, asked, compared, best_of)
    learned = learned_here(taught, asked, compared, experiment, teacher).learned
    teaches = held_out(identifier.models, known) if teacher.asked is None else teacher.asked
    questions = ask(compared, None, teaches, best_of=best_of, same_side=False)
    return RatedGallery(
        rows=compared.stack().tile(slice(None)),
        individual_id=compared.individual_id,
        image=compared.image,
        individuals=len(set(compared.individual_id.tolist())),
        learned=learned,
        shares=learned_shares(questions, learned),
        best_of=best_of,
        new_share=experiment.rank.new_share,
        middle=middle,
        weights=None if taught is identifier else taught.learned.shares,
        about=dict(known.about),
    )


def _nearest(
    asked: np.ndarray, known: np.ndarray, reference: np.ndarray, animals: Sequence[str]
) -> np.ndarray:
    """Return for each photograph the references [n, k] of its animal: of each individual the image
    that is nearest to any of the animal's photographs."""
    cosine = np.einsum("nd,nkd->nk", asked, known[np.maximum(reference, 0)])
    found = reference.copy()
    names = np.asarray(animals, np.str_)
    for name in dict.fromkeys(animals):
        own = np.flatnonzero(names == name)
        found[own] = reference[own[cosine[own].argmax(axis=0)], np.arange(reference.shape[1])]
    return found
