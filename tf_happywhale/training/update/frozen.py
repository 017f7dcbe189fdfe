"""Training of what stands on the backbone, while the backbone stays as it is."""

from __future__ import annotations

from dataclasses import replace

from keras import ops

from tf_happywhale.models.halves import halves
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.step import Step


def with_frozen_backbone(learner: Learner) -> Learner:
    """Return a learner of the same model that changes nothing below the pooling.

    The backbone computes as in a finished model: its BatchNorms' statistics do not move, and it
    leaves nothing out. Pooling, neck and heads are trained as usual. No gradient goes through the
    backbone, which takes most of a step's time and memory.
    """
    backbone, rest = halves(learner.classifier.get_layer("embedder"))

    def embed(pictures):
        return rest(ops.stop_gradient(backbone(pictures, training=False)), training=True)

    return replace(learner, optimizers=learner.optimizers.of_the_rest(), embed=embed)


class FrozenFirst:
    """Training step that is one in the first steps of a run, and another one after them.

    Args:
        frozen: takes the first steps, and applies what it has gathered in the last of them.
        whole: takes the others.
        until: how many the first ones are.

    Attributes:
        state: what a checkpoint must hold.
    """

    def __init__(self, frozen: Step, whole: Step, until: int) -> None:
        self._frozen, self._whole, self._until = frozen, whole, until
        self.state = [*frozen.state, *whole.state]

    def __call__(self, number: int, *batch_and_rate) -> float:
        """Take step `number` of the run, as `Step` does."""
        return self._of(number)(number, *batch_and_rate)

    def together(self, number: int, batches: list[tuple], rates: list[float]) -> list[float]:
        """Take the steps from `number` on in one call. They are of one epoch, so of one kind."""
        return self._of(number).together(number, batches, rates)

    def _of(self, number: int) -> Step:
        return self._frozen if number < self._until else self._whole
