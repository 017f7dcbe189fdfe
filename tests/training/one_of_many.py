"""One process of `agreement.py`: trains the coloured squares on the devices it is told to.

    python -m tests.training.one_of_many KIND FOLDER NETWORK [key=value …]

KIND is one, mirrored, worker or jax; or rounded, one device whose weights are the last bit off at
the start. The classifier starts from FOLDER/start.weights.h5. The run folder is FOLDER/<KIND>.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tf_happywhale.backend import set_backend
from tf_happywhale.config import Experiment, Model, Train, load_experiment
from tf_happywhale.errors import Stopped

STEPS, EPOCHS = 21, 7
TOGETHER = 2  # of an epoch's three steps, on all devices but one
SETTINGS = [
    "image_size=32", "data.folds=2", "fold=0", "model.embedding_size=16", "model.dropout=0",
    "model.drop_path=0", "train.batch_size=8", f"train.epochs={EPOCHS}",
    f"train.validate_every={EPOCHS}", "train.learning_rate=1e-3", "train.clip_norm=0.5",
    "train.adaptive_clip=0.05", "train.accumulate=2", "train.average=0.9", "train.head_rate=3",
    "augment.mixup_p=0.3", "embed.batch_size=8",
]  # fmt: skip


def settings(network: str, *overrides: str) -> Experiment:
    """25 images of fold 1 are three batches of eight an epoch."""
    lite0 = ["model.backbone=lite0", "model.freeze_norm=true", "train.learning_rate=1e-4"]
    return load_experiment(None, [*SETTINGS, *(lite0 if network == "lite0" else []), *overrides])


def small(model: Model):
    """As `build_embedder`: a network with a neck, but without the backbone's BatchNorms, whose
    moments are each device's own."""
    import keras

    from tf_happywhale.models.layers.gem import GeM

    pictures = keras.Input((None, None, 3), name="picture")
    inside = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(inside)
    x = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(x)
    backbone = keras.Model(inside, x, name="backbone")
    x = GeM(model.gem_p, name="gem")(backbone(pictures))
    x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float32", name="neck")(x)
    x = keras.layers.Dense(model.embedding_size, dtype="float32")(x)
    return keras.Model(pictures, x, name="embedder")


def mirrored():
    """Two logical CPUs."""
    import tensorflow as tf

    from tf_happywhale.devices.strategy import Devices

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    two = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
    return Devices("CPU", 2, two, "float32", "there are two logical ones")


def move_the_last_bit(model) -> None:
    """Each weight to the next float32 above or below it."""
    import numpy as np

    rng = np.random.default_rng(0)
    model.set_weights([
        np.nextafter(weight, rng.choice([-np.inf, np.inf], weight.shape).astype(weight.dtype))
        for weight in model.get_weights()
    ])  # fmt: skip


def main() -> None:
    kind, folder, network, *overrides = sys.argv[1:]
    set_backend("auto")
    from dataclasses import replace

    from tests.training.squares import make_fold_data
    from tf_happywhale.devices.strategy import choose_devices
    from tf_happywhale.training import loop, trainer

    home = Path(folder)
    if network == "small":
        trainer.build_embedder = small
    chosen = mirrored() if kind == "mirrored" else choose_devices(Train())
    loop.choose_devices = lambda train: chosen  # before TensorFlow writes the records
    build = trainer.build_models

    def build_models(*arguments):
        embedder, classifier = build(*arguments)
        classifier.load_weights(home / "start.weights.h5")
        if kind == "rounded":
            move_the_last_bit(classifier)
        return embedder, classifier

    trainer.build_models = build_models
    with TemporaryDirectory() as squares:
        fold_data = replace(make_fold_data(Path(squares), images=14), fold=0)
        try:
            singly = kind in ("one", "rounded")
            together = f"train.steps_per_execution={1 if singly else TOGETHER}"
            config = settings(network, together, *overrides)
            loop.train_fold(home / kind, config, fold_data, stamp="squares")
        except Stopped as stopped:
            print(f"stopped {stopped}")
            sys.exit(75)
    if kind == "jax":
        import numpy as np

        from tf_happywhale.inference.engines.runtimes import by_keras
        from tf_happywhale.run_folders.model_files import load_model

        pictures = np.random.default_rng(0).integers(0, 256, (11, 32, 32, 3), dtype=np.uint8)
        embedding = by_keras(load_model(home / "jax" / "model.keras"))(pictures)
        np.savez(home / "jax.npz", pictures=pictures, embedding=embedding)


if __name__ == "__main__":
    main()
