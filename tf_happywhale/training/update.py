"""What is done with a batch's gradients, on any backend: gathered, clipped, applied, averaged."""

from __future__ import annotations

import keras
from keras import ops

from tf_happywhale.config import Train
from tf_happywhale.training.average import WeightAverage
from tf_happywhale.training.clipping import clip_adaptively, clip_by_global_norm
from tf_happywhale.training.loss_scale import LossScale
from tf_happywhale.training.optimizer import Optimizers


class Update:
    """Takes gradients that are summed over all devices already, and updates a classifier.

    Args:
        classifier: from `build_classifier`.
        optimizers: of its trainable variables.
        train: how often, and how gradients are clipped.
        average: of the weights, or None.
        scale: of the loss; None: 1.
        replicas: over how many the optimizers sum the gradients once more.

    Attributes:
        sums: gradients that are not yet applied, one variable each; none without `accumulate`.
    """

    def __init__(
        self,
        classifier: keras.Model,
        optimizers: Optimizers,
        train: Train,
        average: WeightAverage | None = None,
        scale: LossScale | None = None,
        replicas: int = 1,
    ) -> None:
        self.variables = classifier.trainable_variables
        self.scale = scale or LossScale("float32")
        self._optimizers, self._train, self._average = optimizers, train, average
        self._replicas = replicas
        self.sums = [
            keras.Variable(
                ops.zeros(variable.shape), trainable=False, aggregation="only_first_replica"
            )
            for variable in (self.variables if train.accumulate > 1 else [])
        ]

    def take(self, gradients: list, learning_rate, last: bool) -> None:
        """Take a finite batch's gradients in; `last` of those that one update is made of."""
        self.scale.took(True)
        if self.sums:
            share = 1 / self._train.accumulate
            gradients = [
                total + gradient * share
                for total, gradient in zip(self.sums, gradients, strict=True)
            ]
            for total, gradient in zip(self.sums, gradients, strict=True):
                total.assign(ops.zeros_like(gradient) if last else gradient)
        if last:
            self._apply(gradients, learning_rate)

    def drop(self, last: bool) -> None:
        """Leave a batch out that is not finite; the last one with what was gathered before it."""
        self.scale.took(False)
        for total in self.sums if last else []:
            total.assign(ops.zeros(total.shape))

    def _apply(self, gradients: list, learning_rate) -> None:
        if self._train.adaptive_clip is not None:
            gradients = clip_adaptively(gradients, self.variables, self._train.adaptive_clip)
        gradients = clip_by_global_norm(gradients, self._train.clip_norm)
        # Keras sums over devices when it applies: gradients that are equal there already.
        gradients = [gradient / self._replicas for gradient in gradients]
        self._optimizers.apply(gradients, learning_rate)
        if self._average is not None:
            self._average.update()
