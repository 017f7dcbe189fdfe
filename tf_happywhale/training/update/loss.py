"""The loss that training minimises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops


@dataclass(frozen=True)
class Loss:
    """Cross-entropy of the individuals' logits and, with a species head, of the species'.

    Attributes:
        smoothing: the share of each target that is spread over all individuals.
        species: int [classes], the species of each individual; None without a species head.
        species_weight: weight of the species' cross-entropy; the individuals' has the rest.
    """

    smoothing: float = 0.0
    species: np.ndarray | None = None
    species_weight: float = 0.0

    def each(
        self,
        classifier: keras.Model,
        pictures,
        targets,
        own=None,
        embed: Callable | None = None,
    ):
        """Return the loss of each picture in training, float32 [n].

        The embedding is computed once. If pictures are mixed, the heads put their margins on each
        of the two targets in turn.

        Args:
            classifier: from `build_classifier`.
            pictures: uint8 [n, h, w, 3].
            targets: int [n]; for mixed pictures a tuple: first and second target int [n], and the
                first one's share float32 [n].
            own: None, or a number: before the heads each embedding keeps this share of itself, and
                takes the rest from the next one (the last from the first). Only with targets int
                [n]. On TensorFlow each replica passes its own rows, on JAX all rows are passed.
            embed: pictures to embedding, in training; None: the classifier's embedder.

        References:
            Verma et al.: Manifold Mixup: Better Representations by Interpolating Hidden States,
            ICML 2019, https://arxiv.org/abs/1806.05236
        """
        if embed is None:
            embedding = classifier.get_layer("embedder")(pictures, training=True)
        else:
            embedding = embed(pictures)
        if own is not None:
            embedding = own * embedding + (1 - own) * ops.roll(embedding, -1, axis=0)
            targets = (targets, ops.roll(targets, -1, axis=0), own)
        if not isinstance(targets, tuple):
            return self._of(classifier, embedding, targets)
        first, second, share = targets
        return share * self._of(classifier, embedding, first) + (1 - share) * self._of(
            classifier, embedding, second
        )

    def _of(self, classifier: keras.Model, embedding, target):
        logits = classifier.get_layer("arcface")(embedding, target)
        individuals = _cross_entropy(logits, target, self.smoothing)
        if self.species is None:
            return individuals
        species = ops.take(ops.convert_to_tensor(self.species, dtype="int64"), target)
        logits = classifier.get_layer("arcface_species")(embedding, species)
        share = self.species_weight
        return (1 - share) * individuals + share * _cross_entropy(logits, species, 0.0)


def _cross_entropy(logits, target, smoothing: float):
    hard = keras.losses.sparse_categorical_crossentropy(target, logits, from_logits=True)
    if not smoothing:
        return hard
    spread = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
    return (1 - smoothing) * hard + smoothing * spread
