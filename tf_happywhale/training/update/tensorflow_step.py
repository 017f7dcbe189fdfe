"""One training step on TensorFlow: loss, gradients summed over devices, applied or left out."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from keras import ops

from tf_happywhale.config import Train
from tf_happywhale.training.update.gradients import Update
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.step import Step


def make_step(
    strategy: tf.distribute.Strategy,
    learner: Learner,
    train: Train,
    loss: Loss,
    seed: int = 0,
    steps: int | None = None,
) -> Step:
    """Return a compiled step that updates the learner, alone or several in one call.

    The targets are int [n], or those of mixed pictures (see `Loss.each`). With `train.accumulate`
    only every `train.accumulate` steps update the weights, by the mean of the gradients that were
    finite; the last of the run's `steps` does so with what is left. With `train.embedding_mixup`
    embeddings are mixed, by a share that is a function of (seed, step). A step whose loss or
    gradients are not finite leaves no trace, not in the statistics of BatchNorms either. The
    learner must have been made inside the strategy's scope.
    """
    step = _TensorFlowStep(strategy, learner, train, loss)
    compiled, several = tf.function(step.take), tf.function(step.take_several)

    def take(batch: tuple, own: tf.Tensor, learning_rate: tf.Tensor, last: bool) -> tf.Tensor:
        # As a bool it would be compiled twice: with an update and without.
        return compiled(batch, own, learning_rate, tf.constant(last))

    return Step(take, several, step.update.state, train, seed, steps)


class _TensorFlowStep:
    """Step on TensorFlow, not yet compiled: `take` and `take_several` run on all replicas of the
    strategy, the methods that they pass to `strategy.run` on each of them."""

    def __init__(
        self, strategy: tf.distribute.Strategy, learner: Learner, train: Train, loss: Loss
    ) -> None:
        self.strategy, self.train, self.loss = strategy, train, loss
        self.classifier, self.embed = learner.classifier, learner.embed
        self.scale = learner.scale
        self.replicas = strategy.num_replicas_in_sync
        with strategy.scope():
            self.update = Update(learner, train, self.replicas)

    def take(
        self,
        batch: tuple,
        own: tf.Tensor,
        learning_rate: tf.Tensor,
        last: tf.Tensor,
        row: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Take one step, and return its loss. With `row` the batch is that row of several."""
        part, whole, gradients, held = self._run(self._gradients, (batch, own, row))
        mean, whole = (self.strategy.reduce("MEAN", value, axis=None) for value in (part, whole))
        # In float16 the factor may be too large: then the step is left out, but is not a bad one.
        fine = tf.math.is_finite(mean) & (tf.math.is_finite(whole) | self.scale.may_fall())
        # Conditions are outside the replicas: the optimizers' sum over replicas must not be in one.
        if tf.math.is_finite(whole):
            self._run(self.update.take, (gradients, learning_rate))
        else:
            self._run(self._undo, (held,))
        if self.train.accumulate > 1 and last and self.update.waiting():
            self._run(self.update.finish, (learning_rate,))
        return tf.where(fine, mean, float("nan"))

    def take_several(
        self, batches: tuple, own: tf.Tensor, rates: tf.Tensor, last: tf.Tensor
    ) -> tf.Tensor:
        """Take a step on each batch, and return their losses [k]."""
        stacked = self._run(_stack, batches)
        losses = tf.TensorArray(tf.float32, len(batches), element_shape=())
        for n in tf.range(len(batches)):
            losses = losses.write(n, self.take(stacked, own[n], rates[n], last[n], n))
        return losses.stack()

    def _run(self, function: Callable, arguments: tuple):
        """Return what a function returns on all replicas. It has no condition on a tensor, as JAX
        takes none, so AutoGraph, which takes seconds, need not look at it and at all it calls."""
        return self.strategy.run(tf.autograph.experimental.do_not_convert(function), arguments)

    def _gradients(self, batch: tuple, own: tf.Tensor, row: tf.Tensor | None) -> tuple:
        """Return the loss, one number that is finite if the loss and all gradients are, the
        gradients, and the variables that the forward pass moves, as they were before."""
        if row is not None:
            batch = tf.nest.map_structure(lambda each: each[row], batch)
        pictures, targets = batch
        fixed, variables = self.classifier.non_trainable_variables, self.update.variables
        held = [tf.identity(variable.value) for variable in fixed]
        with tf.GradientTape() as tape:
            share = own if self.train.embedding_mixup else None
            each = self.loss.each(self.classifier, pictures, targets, share, self.embed)
            # Summed over the devices this is the mean over the batch.
            part = ops.sum(each) / self.train.batch_size
            scaled = part * self.scale.factor
        gradients = tape.gradient(scaled, [variable.value for variable in variables])
        if self.replicas > 1:
            # Keras clips before it sums over devices, so the sum is made here.
            context = tf.distribute.get_replica_context()
            part, *gradients = context.all_reduce("SUM", [part, *gradients])
        if self.scale.state:
            gradients = [gradient / self.scale.factor for gradient in gradients]
        whole = part + tf.add_n([tf.reduce_sum(gradient) for gradient in gradients])
        return part, whole, gradients, held

    def _undo(self, held: list) -> None:
        for variable, value in zip(self.classifier.non_trainable_variables, held, strict=True):
            variable.assign(value)
        self.update.drop()


def _stack(*batches: tuple) -> tuple:
    """Return batches of one shape as one structure, with one more axis in front."""
    return tf.nest.map_structure(lambda *each: tf.stack(each), *batches)
