"""The loss that training minimises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from tf_happywhale.models.classifier import STUDENT


@dataclass(frozen=True)
class Loss:
    """Cross-entropy of the individuals' logits and, with a species head, of the species'; and how
    far the picture is from where the teachers put it.

    The teachers' part is `scale · (1 − cosine)`, since a logit is a cosine times that scale: so
    both parts have gradients of one size, and the share means what it says.

    Attributes:
        smoothing: the share of each target that is spread over all individuals.
        species: int [classes], the species of each individual; None without a species head.
        species_weight: weight of the species' cross-entropy; the individuals' has the rest.
        teacher_weight: share of the teachers' part, for targets that have one.
        teacher_scale: the scale of the individuals' logits.
    """

    smoothing: float = 0.0
    species: np.ndarray | None = None
    species_weight: float = 0.0
    teacher_weight: float = 0.0
    teacher_scale: float = 1.0

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
            targets: int [n]; with teachers a dict: `individual` int [n], −1 where nobody knows it,
                and `teacher` float32 [n, d] of length 1. For mixed pictures a tuple: first and
                second targets, and the first one's share float32 [n].
            own: None, or a number: before the heads each embedding keeps this share of itself, and
                takes the rest from the next one (the last from the first). Not with mixed
                pictures. On TensorFlow each replica passes its own rows, on JAX all rows are
                passed.
            embed: pictures to embedding, in training; None: the classifier's embedder.

        References:
            Verma et al.: Manifold Mixup: Better Representations by Interpolating Hidden States,
            ICML 2019, https://arxiv.org/abs/1806.05236
            Hinton et al.: Distilling the Knowledge in a Neural Network, 2015,
            https://arxiv.org/abs/1503.02531
        """
        if embed is None:
            embedding = classifier.get_layer("embedder")(pictures, training=True)
        else:
            embedding = embed(pictures)
        if own is not None:
            embedding = own * embedding + (1 - own) * ops.roll(embedding, -1, axis=0)
            following = keras.tree.map_structure(lambda each: ops.roll(each, -1, axis=0), targets)
            targets = (targets, following, own)
        if not isinstance(targets, tuple):
            return self._of(classifier, embedding, targets)
        first, second, share = targets
        return share * self._of(classifier, embedding, first) + (1 - share) * self._of(
            classifier, embedding, second
        )

    def _of(self, classifier: keras.Model, embedding, target):
        if not isinstance(target, dict):
            return self._named(classifier, embedding, target)
        who, teacher = target["individual"], target["teacher"]
        # In place of nobody stands the first individual, whose logits then do not count.
        named = self._named(classifier, embedding, ops.maximum(who, 0))
        named = ops.where(who >= 0, named, 0.0)
        student = classifier.get_layer(STUDENT)(embedding)
        taught = self.teacher_scale * cosine_distance(student, teacher)
        return (1 - self.teacher_weight) * named + self.teacher_weight * taught

    def _named(self, classifier: keras.Model, embedding, target):
        logits = classifier.get_layer("arcface")(embedding, target)
        individuals = _cross_entropy(logits, target, self.smoothing)
        if self.species is None:
            return individuals
        species = ops.take(ops.convert_to_tensor(self.species, dtype="int64"), target)
        logits = classifier.get_layer("arcface_species")(embedding, species)
        share = self.species_weight
        return (1 - share) * individuals + share * _cross_entropy(logits, species, 0.0)


def cosine_distance(student, teacher):
    """Return 1 − cosine of rows [n, d], float32 [n]; 1 where one of them is zero."""
    student, teacher = ops.cast(student, "float32"), ops.cast(teacher, "float32")
    dot = ops.sum(student * teacher, axis=-1)
    lengths = ops.sum(ops.square(student), axis=-1) * ops.sum(ops.square(teacher), axis=-1)
    return 1.0 - dot * ops.rsqrt(ops.maximum(lengths, 1e-24))


def _cross_entropy(logits, target, smoothing: float):
    hard = keras.losses.sparse_categorical_crossentropy(target, logits, from_logits=True)
    if not smoothing:
        return hard
    spread = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
    return (1 - smoothing) * hard + smoothing * spread
