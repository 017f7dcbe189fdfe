"""What is done with a batch's gradients, on any backend: gathered, clipped, applied, averaged."""

from __future__ import annotations

import keras
from keras import ops

from tf_happywhale.config import Train
from tf_happywhale.training.update.clipping import clip_adaptively, clip_by_global_norm
from tf_happywhale.training.update.loss_scale import LossScale
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.weight_average import WeightAverage


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
        gathered: of how many steps, in one variable; empty without `accumulate`.
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
        own = {"trainable": False, "aggregation": "only_first_replica"}
        self.sums, self.gathered = [], []
        if train.accumulate > 1:
            self.sums = [keras.Variable(ops.zeros(each.shape), **own) for each in self.variables]
            self.gathered = [keras.Variable(0.0, **own)]

    def take(self, gradients: list, learning_rate) -> None:
        """Add the gradients of a finite batch; without `accumulate` they are applied at once."""
        self.scale.took(True)
        if not self.sums:
            self._apply(gradients, learning_rate)
        for total, gradient in zip(self.sums, gradients if self.sums else [], strict=True):
            total.assign(total + gradient / self._train.accumulate)
        for count in self.gathered:
            count.assign(count + 1.0)

    def drop(self) -> None:
        """Leave out a batch that is not finite."""
        self.scale.took(False)

    def waiting(self):
        """Whether any gradients are gathered that are not yet applied."""
        return ops.convert_to_tensor(self.gathered[0]) > 0 if self.gathered else False

    def finish(self, learning_rate) -> None:
        """Apply the mean of the gathered gradients, over the steps that were finite."""
        share = self._train.accumulate / ops.convert_to_tensor(self.gathered[0])
        gradients = [ops.convert_to_tensor(total) * share for total in self.sums]
        for variable in (*self.sums, *self.gathered):
            variable.assign(ops.zeros(variable.shape))
        self._apply(gradients, learning_rate)

    def _apply(self, gradients: list, learning_rate) -> None:
        if self._train.adaptive_clip is not None:
            gradients = clip_adaptively(gradients, self.variables, self._train.adaptive_clip)
        gradients = clip_by_global_norm(gradients, self._train.clip_norm)
        # Keras sums over devices when it applies: gradients that are equal there already.
        gradients = [gradient / self._replicas for gradient in gradients]
        self._optimizers.apply(gradients, learning_rate)
        if self._average is not None:
            self._average.update()
