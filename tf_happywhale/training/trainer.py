"""Build what trains one fold: the models, the optimizers, the compiled step."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.devices.precision import policy
from tf_happywhale.devices.strategy import Devices, on_jax
from tf_happywhale.inference.engines.runtimes import Forward, by_keras
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.embedder import build_embedder, synchronise_neck
from tf_happywhale.training.fold_data import FoldData
from tf_happywhale.training.update.frozen import FrozenFirst, with_frozen_backbone
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.loss_scale import LossScale
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.step import Step
from tf_happywhale.training.update.weight_average import WeightAverage

if on_jax():
    from tf_happywhale.training.update.jax_step import make_step
else:
    from tf_happywhale.training.update.tensorflow_step import make_step


@dataclass(frozen=True)
class Trainer:
    """Parts that train one fold.

    Attributes:
        learner: the classifier, its optimizers, the average of its weights, the scale of the loss.
        step: the compiled training step.
        forward: the embedder as a compiled function. It uses the weights that the embedder has when
            it is called.
    """

    learner: Learner
    step: Step | FrozenFirst
    forward: Forward

    @property
    def variables(self) -> dict[str, list[keras.Variable]]:
        """All variables that a checkpoint holds, by what they belong to."""
        learner, average = self.learner, self.learner.average
        return {
            "classifier": learner.classifier.variables,
            "optimizers": learner.optimizers.state,
            "average": average.state if average else [],
            "sums": self.step.state[:-1],
            "gathered": self.step.state[-1:],
            "scale": learner.scale.state,
        }


def build_trainer(devices: Devices, experiment: Experiment, data: FoldData, steps: int) -> Trainer:
    """Build what trains one fold on these devices, in a run of this many steps. The random seed is
    the experiment's plus the fold."""
    train = experiment.train
    keras.utils.set_random_seed(experiment.seed + data.fold)
    with devices.scope():
        with policy(devices.precision):
            embedder, classifier = build_models(experiment, data)
        synchronise_neck(embedder, devices.replicas > 1 and not on_jax())
        scale = LossScale(devices.precision)
        optimizers = Optimizers(classifier, train)
        weights = optimizers.variables
        average = WeightAverage(weights, train.average) if train.average else None
    learner = Learner(classifier, optimizers, average, scale)
    loss = loss_of(experiment, data)
    step = make_step(devices.strategy, learner, train, loss, experiment.seed, steps)
    if train.freeze_epochs:
        until = steps // train.epochs * min(train.freeze_epochs, train.epochs)
        first = with_frozen_backbone(learner)
        frozen = make_step(devices.strategy, first, train, loss, experiment.seed, until)
        step = FrozenFirst(frozen, step, until)
    return Trainer(learner, step, by_keras(embedder, devices.strategy))


def loss_of(experiment: Experiment, data: FoldData) -> Loss:
    """Return the loss that trains one fold."""
    train, model = experiment.train, experiment.model
    weight = 0.0 if data.teachers is None else train.teacher_weight
    return Loss(train.target_smoothing, data.species, model.species_weight, weight, model.scale)


def build_models(experiment: Experiment, data: FoldData) -> tuple[keras.Model, keras.Model]:
    """Build the embedder and the classifier around it, as the config says."""
    kept = data.labelled
    counts = np.bincount(kept, minlength=data.classes)
    species_counts = ()
    if data.species is not None:
        kinds = int(data.species.max()) + 1
        species_counts = np.bincount(data.species[kept], minlength=kinds)
    embedder = build_embedder(experiment.model)
    taught = 0 if data.teachers is None else data.teachers.targets.shape[1]
    return embedder, build_classifier(embedder, experiment.model, counts, species_counts, taught)
