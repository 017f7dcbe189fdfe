"""Run by test_two_devices.py in its own process: devices are set up before TensorFlow starts.

Trains the same toy on one device and on two, and prints as JSON what the test has to compare.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import tensorflow as tf

from tests.training.squares import make_fold_data
from tf_happywhale.config import Model, Train, load_experiment
from tf_happywhale.devices import strategy
from tf_happywhale.devices.replicas import cut
from tf_happywhale.inference.engines.model_runtime import runtime_of
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.training.update.frozen import with_frozen_backbone
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.tensorflow_step import make_step
from tf_happywhale.training.update.weight_average import WeightAverage
from tf_happywhale.training.validation import embed_fold

STEPS, BATCH, CLASSES, TAUGHT = 6, 8, 10, 5
TIGHT, LOOSE = 0.05, 1e6


def toy(taught: int = 0) -> keras.Model:
    """Without BatchNorm, whose moments are each device's own."""
    keras.utils.set_random_seed(0)
    pictures = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(pictures)
    x = GeM(3.0)(keras.layers.Conv2D(8, 3, strides=4)(x))
    embedder = keras.Model(pictures, keras.layers.Dense(16)(x), name="embedder")
    return build_classifier(embedder, Model(), [1] * CLASSES, taught=taught)


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
    rows = rng.normal(size=(STEPS * BATCH, TAUGHT)).astype(np.float32)
    with strategy.scope():
        classifier = toy(TAUGHT if settings.teachers else 0)
        chosen = Descent(classifier) if optimizer == "sgd" else Optimizers(classifier, settings)
        average = (
            WeightAverage(classifier.trainable_variables, settings.average)
            if settings.average
            else None
        )
    learner = Learner(classifier, chosen, average)
    if settings.freeze_epochs:
        learner = with_frozen_backbone(learner)
    step = make_step(strategy, learner, settings, Loss(teacher_weight=0.5, teacher_scale=30.0))
    if settings.teachers:
        nobody = np.where(np.arange(len(targets)) % 3, targets, -1)
        targets = {"individual": nobody, "teacher": rows}
    batches = tf.data.Dataset.from_tensor_slices((pictures, targets)).batch(BATCH)
    batches = [cut(strategy, batch) for batch in batches]
    rates = [0.01 * (n + 1) for n in range(STEPS)]
    k = settings.steps_per_execution
    if k > 1:
        groups = range(0, STEPS, k)
        each = [step.together(n, batches[n : n + k], rates[n : n + k]) for n in groups]
        losses = [loss for group in each for loss in group]
    else:
        losses = [step(n, *batches[n], rates[n]) for n in range(STEPS)]
    with average.swapped() if average else nullcontext():
        weights = np.concatenate([np.ravel(w) for w in classifier.get_weights()])
    return losses, weights


def which_device(pictures: tf.Tensor, training: bool) -> tf.Tensor:
    """In place of a model: one column, the number of the replica that has computed a row."""
    number = tf.distribute.get_replica_context().replica_id_in_sync_group
    return tf.fill([tf.shape(pictures)[0], 1], tf.cast(number, tf.float32))


def embedded(two: tf.distribute.Strategy) -> dict:
    """What a model embeds on two devices, and how far that is from one device's: itself, in a
    validation, and read from its file as `embed` does."""
    pictures = np.random.default_rng(1).integers(0, 256, (11, 16, 16, 3), dtype=np.uint8)
    who = by_keras(which_device, two)
    with two.scope():
        embedder = toy().get_layer("embedder")
    plain, spread = by_keras(embedder), by_keras(embedder, two)
    counts = {count: spread(pictures[:count]) for count in (11, 8, 1)}
    found = {"embedded_by": {n: who(pictures[:n])[:, 0].tolist() for n in (11, 8, 1)}}
    found["embedding"] = max(
        float(np.abs(found - plain(pictures[:count])).max()) for count, found in counts.items()
    )
    settings = load_experiment(None, ["image_size=32", "embed.batch_size=5"])
    with TemporaryDirectory() as home:
        fold_data = make_fold_data(Path(home))
        sides = [embed_fold(how, settings, fold_data, "") for how in (plain, spread)]
        embedder.save(Path(home) / "model.keras")
        strategy.embedding_strategy = lambda: two
        read = runtime_of(Path(home), 16, "keras", "float32")(pictures)
    found["validation"] = max(
        float(np.abs(one.embedding - both.embedding).max())
        for one, both in zip(*sides, strict=True)
    )
    found["validated"] = sum(len(side.image) for side in sides[1])
    found["from_its_file"] = float(np.abs(read - plain(pictures)).max())
    return found


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
        "adamw frozen": ("adamw", {"freeze_epochs": 1, "accumulate": 2, "average": 0.5}),
        "adamw taught": ("adamw", {"teachers": ({"path": "run"},), "accumulate": 2}),
        "adamw together": (
            "adamw",
            {"clip_norm": TIGHT, "accumulate": 2, "average": 0.5, "steps_per_execution": 3},
        ),
    }
    for name, (optimizer, settings) in cases.items():
        # One device takes its steps one by one.
        alone = settings | {"steps_per_execution": 1}
        (losses, weights), (mirrored_losses, mirrored) = (
            train(strategy, optimizer, Train(batch_size=BATCH, **kind))
            for strategy, kind in ((one, alone), (two, settings))
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
    print(json.dumps(report | embedded(two)))


if __name__ == "__main__":
    main()
