"""What is done with a batch's gradients, on any backend: summed, clipped, applied, averaged."""

from __future__ import annotations

import keras
from keras import ops

from tf_happywhale.config import Train
from tf_happywhale.training.update.clipping import clip_adaptively, clip_by_global_norm
from tf_happywhale.training.update.learner import Learner


class Update:
    """Update of a learner by gradients that are already summed over all devices.

    Args:
        learner: what is updated.
        train: how often, and how gradients are clipped.
        replicas: over how many the optimizers sum the gradients once more.

    Attributes:
        variables: those that are trained.
        sums: the gradients that are not yet applied, one variable each; none without `accumulate`.
        gathered: the number of steps in them, in one variable; empty without `accumulate`.
    """

    def __init__(self, learner: Learner, train: Train, replicas: int = 1) -> None:
        self.variables = learner.optimizers.variables
        self._learner, self._train, self._replicas = learner, train, replicas
        own = {"trainable": False, "aggregation": "only_first_replica"}
        self.sums, self.gathered = [], []
        if train.accumulate > 1:
            self.sums = [keras.Variable(ops.zeros(each.shape), **own) for each in self.variables]
            self.gathered = [keras.Variable(0.0, **own)]

    @property
    def state(self) -> list[keras.Variable]:
        """The variables that a checkpoint must hold."""
        return [*self.sums, *self.gathered]

    def take(self, gradients: list, learning_rate) -> None:
        """Add the gradients of a finite batch; without `accumulate` they are applied at once."""
        self._learner.scale.took(True)
        if not self.sums:
            self._apply(gradients, learning_rate)
        for total, gradient in zip(self.sums, gradients if self.sums else [], strict=True):
            total.assign(total + gradient / self._train.accumulate)
        for count in self.gathered:
            count.assign(count + 1.0)

    def drop(self) -> None:
        """Leave out the gradients of a batch that is not finite."""
        self._learner.scale.took(False)

    def waiting(self):
        """Return whether there are gradients that are not yet applied."""
        return ops.convert_to_tensor(self.gathered[0]) > 0 if self.gathered else False

    def finish(self, learning_rate) -> None:
        """Apply the mean of the gradients that are not yet applied, over the steps that were
        finite."""
        share = self._train.accumulate / ops.convert_to_tensor(self.gathered[0])
        gradients = [ops.convert_to_tensor(total) * share for total in self.sums]
        for variable in self.state:
            variable.assign(ops.zeros(variable.shape))
        self._apply(gradients, learning_rate)

    def _apply(self, gradients: list, learning_rate) -> None:
        if self._train.adaptive_clip is not None:
            gradients = clip_adaptively(gradients, self.variables, self._train.adaptive_clip)
        gradients = clip_by_global_norm(gradients, self._train.clip_norm)
        # Keras sums over devices when it applies gradients, which are equal there already.
        gradients = [gradient / self._replicas for gradient in gradients]
        self._learner.optimizers.apply(gradients, learning_rate)
        if self._learner.average is not None:
            self._learner.average.update()
