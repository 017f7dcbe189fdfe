"""What a training step changes: a classifier, and what belongs to its training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import keras

from tf_happywhale.training.update.loss_scale import LossScale
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.weight_average import WeightAverage


@dataclass(frozen=True)
class Learner:
    """Classifier, and what belongs to its training: all that a training step changes.

    Attributes:
        classifier: from `build_classifier`.
        optimizers: of the variables that are trained.
        average: the moving average of its weights, or None.
        scale: the factor on the loss; 1 where no other is given.
        embed: pictures to embedding, in training; None: the classifier's embedder.
    """

    classifier: keras.Model
    optimizers: Optimizers
    average: WeightAverage | None = None
    scale: LossScale = field(default_factory=lambda: LossScale("float32"))
    embed: Callable | None = None
