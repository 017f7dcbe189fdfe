"""What training minimises."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops


@dataclass(frozen=True)
class Loss:
    """Cross-entropy of the individuals' logits and, with a species head, of the species'.

    Attributes:
        smoothing: share of each target that is spread over all individuals.
        species: int [classes], the species of each individual; None without a species head.
        species_weight: weight of the species' cross-entropy; the individuals' has the rest.
    """

    smoothing: float = 0.0
    species: np.ndarray | None = None
    species_weight: float = 0.0

    def each(self, classifier: keras.Model, pictures, target):
        """The loss of each picture in training, float32 [n].

        Args:
            classifier: from `build_classifier`.
            pictures: uint8 [n, h, w, 3].
            target: int [n].
        """
        if self.species is None:
            logits = classifier([pictures, target], training=True)
            return _cross_entropy(logits, target, self.smoothing)
        species = ops.take(ops.convert_to_tensor(self.species, dtype="int64"), target)
        logits, its = classifier([pictures, target, species], training=True)
        return (1 - self.species_weight) * _cross_entropy(
            logits, target, self.smoothing
        ) + self.species_weight * _cross_entropy(its, species, 0.0)


def _cross_entropy(logits, target, smoothing: float):
    hard = keras.losses.sparse_categorical_crossentropy(target, logits, from_logits=True)
    if not smoothing:
        return hard
    spread = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
    return (1 - smoothing) * hard + smoothing * spread
