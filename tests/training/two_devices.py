"""Run by test_step.py in its own process, since devices are set up before TensorFlow starts.

Trains the same toy on one device and on two, and prints as JSON what the test has to compare.
"""

from __future__ import annotations

import json
from contextlib import nullcontext

import keras
import numpy as np
import tensorflow as tf

from tf_happywhale.config import Model, Train
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.gem import GeM
from tf_happywhale.training.average import WeightAverage
from tf_happywhale.training.loss import Loss
from tf_happywhale.training.optimizer import Optimizers
from tf_happywhale.training.step import make_step

STEPS, BATCH, CLASSES = 6, 8, 10
TIGHT, LOOSE = 0.05, 1e6


def toy() -> keras.Model:
    """Without BatchNorm, whose moments are each device's own."""
    keras.utils.set_random_seed(0)
    pictures = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(pictures)
    x = GeM(3.0)(keras.layers.Conv2D(8, 3, strides=4)(x))
    embedder = keras.Model(pictures, keras.layers.Dense(16)(x), name="embedder")
    return build_classifier(embedder, Model(), [1] * CLASSES)


class Descent:
    """Plain gradient descent, as `make_step` wants an optimizer."""

    def __init__(self, classifier: keras.Model) -> None:
        self.variables = classifier.trainable_variables
        self.optimizer = keras.optimizers.SGD(1e-3)
        self.optimizer.build(self.variables)

    def apply(self, gradients: list, learning_rate) -> None:
        self.optimizer.learning_rate.assign(learning_rate)
        self.optimizer.apply(gradients, self.variables)


def train(strategy: tf.distribute.Strategy, optimizer: str, settings: Train):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (STEPS * BATCH, 16, 16, 3), dtype=np.uint8)
    targets = rng.integers(0, CLASSES, STEPS * BATCH)
    with strategy.scope():
        classifier = toy()
        chosen = Descent(classifier) if optimizer == "sgd" else Optimizers(classifier, settings)
        average = (
            WeightAverage(classifier.trainable_variables, settings.average)
            if settings.average
            else None
        )
    step = make_step(strategy, classifier, chosen, settings, Loss(), average)
    batches = tf.data.Dataset.from_tensor_slices((pictures, targets)).batch(BATCH)
    losses = [
        step(n, x, y, 0.01 * (n + 1))
        for n, (x, y) in enumerate(strategy.experimental_distribute_dataset(batches))
    ]
    with average.swapped() if average else nullcontext():
        weights = np.concatenate([np.ravel(w) for w in classifier.get_weights()])
    return losses, weights


def main() -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    one = tf.distribute.OneDeviceStrategy("/cpu:0")
    two = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
    report, ends = {"replicas": two.num_replicas_in_sync}, {}
    cases = {
        "sgd tight": ("sgd", {"clip_norm": TIGHT}),
        "sgd loose": ("sgd", {"clip_norm": LOOSE}),
        "sgd adaptive": ("sgd", {"clip_norm": LOOSE, "adaptive_clip": 0.02}),
        "adamw tight": ("adamw", {"clip_norm": TIGHT, "weight_decay": 1e-2}),
        "sgd all": ("sgd", {"clip_norm": TIGHT, "accumulate": 2, "average": 0.5}),
        "adamw head": ("adamw", {"head_rate": 10}),
    }
    for name, (optimizer, settings) in cases.items():
        (losses, weights), (mirrored_losses, mirrored) = (
            train(strategy, optimizer, Train(batch_size=BATCH, **settings))
            for strategy in (one, two)
        )
        ends[name] = weights
        report[name] = {
            "losses": losses,
            "mirrored_losses": mirrored_losses,
            "difference": float(np.abs(weights - mirrored).max()),
        }
    for name in ("tight", "adaptive"):
        clipped = ends[f"sgd {name}"] - ends["sgd loose"]
        report[f"{name}_changes"] = float(np.abs(clipped).max())
    print(json.dumps(report))


if __name__ == "__main__":
    main()
