"""Choose the devices that train, and say why these."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache

import keras
import tensorflow as tf

from tf_happywhale.backend import tensorflow_for_tpus
from tf_happywhale.config import Train
from tf_happywhale.devices.place import Place, place
from tf_happywhale.devices.precision import choose_precision
from tf_happywhale.devices.workers import strategy_of_workers
from tf_happywhale.errors import ConfigError

NO_TPU = (ValueError, RuntimeError, tf.errors.OpError)  # what tensorflow-tpu raises without one


@dataclass(frozen=True)
class Devices:
    """Devices that train a model.

    Attributes:
        kind: CPU, GPU or TPU.
        replicas: the number of parts that a batch is cut into, over all workers.
        strategy: TensorFlow's; on JAX Keras' distribution, None on one device.
        precision: that of the backbone: float32, bfloat16 or float16.
        reason: why these devices were chosen.
        here: which worker this process is.
    """

    kind: str
    replicas: int
    strategy: tf.distribute.Strategy | keras.distribution.DataParallel | None
    precision: str
    reason: str = ""
    here: Place = field(default_factory=Place)

    def scope(self) -> AbstractContextManager:
        """Return the scope in which models and all other variables must be made."""
        return nullcontext() if on_jax() else self.strategy.scope()

    def __str__(self) -> str:
        name = type(self.strategy).__name__ if self.strategy is not None else "one device"
        if self.here.workers > 1:  # whose class has another name than its contract
            name = "MultiWorkerMirroredStrategy"
        how = f"{name} on JAX" if on_jax() else name
        over = f" over {self.here.workers} workers" if self.here.workers > 1 else ""
        return f"{self.replicas} {self.kind}{over} ({how}), {self.precision}"


def choose_devices(train: Train) -> Devices:
    """Return the devices for `train.device` and `train.precision`; print which they are, and why.

    Raises:
        ConfigError: those asked for are not there, or TF_CONFIG cannot be used.
    """
    devices = (_of_jax if on_jax() else _of_tensorflow)(train)
    print(f"devices: {devices}, since {devices.reason}")
    return devices


def embedding_strategy() -> tf.distribute.Strategy | None:
    """Return what embeds with a finished model on this machine's TPU or all its GPUs. None if none
    is needed: TensorFlow finds a single device itself, and JAX spreads rows itself."""
    if on_jax():
        return None
    if tensorflow_for_tpus():
        with suppress(*NO_TPU):
            return _strategy_of_tpu()
    names = [gpu.name for gpu in tf.config.list_logical_devices("GPU")]
    return tf.distribute.MirroredStrategy(names) if len(names) > 1 else None


def on_jax() -> bool:
    """Return whether Keras runs on JAX instead of TensorFlow."""
    return keras.backend.backend() == "jax"


def check_batch(batch_size: int, replicas: int) -> None:
    """Refuse a batch that the devices do not divide evenly.

    Raises:
        ConfigError: it names the nearest sizes that fit.
    """
    if batch_size % replicas:
        lower = batch_size // replicas * replicas
        fits = ", ".join(str(size) for size in (lower, lower + replicas) if size)
        raise ConfigError(
            f"train.batch_size is {batch_size}, which {replicas} devices do not divide evenly: "
            f"take {fits}."
        )


def _of_tensorflow(train: Train) -> Devices:
    here, wanted = place(), train.device
    gpus = tf.config.list_physical_devices("GPU")
    if wanted == "gpu" and not gpus:
        raise ConfigError(_missing("GPU", "TensorFlow"))

    def devices(kind: str, strategy: tf.distribute.Strategy, reason: str) -> Devices:
        precision = choose_precision(train.precision, kind, _capability(gpus))
        return Devices(kind, strategy.num_replicas_in_sync, strategy, precision, reason, here)

    if here.workers > 1:
        if wanted == "tpu":
            raise ConfigError(
                "train.device is tpu and TF_CONFIG names several workers, which train on CPUs or "
                "GPUs only: unset TF_CONFIG."
            )
        if wanted == "cpu":
            tf.config.set_visible_devices([], "GPU")
        kind = "GPU" if gpus and wanted != "cpu" else "CPU"
        reason = f"TF_CONFIG names {here.workers} workers, of which this is number {here.index}"
        return devices(kind, strategy_of_workers(), reason)
    if wanted in ("auto", "tpu") and tensorflow_for_tpus():
        try:
            return devices("TPU", _strategy_of_tpu(), "tensorflow-tpu is installed and found it")
        except NO_TPU as error:
            if wanted == "tpu":
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise ConfigError(
                    f"{_missing('TPU', 'TensorFlow')[:-1]} (tensorflow-tpu says: {reason})."
                ) from None
            print("tensorflow-tpu is installed, but finds no TPU")
    if wanted == "tpu":
        raise ConfigError(_missing("TPU", "TensorFlow"))
    if not gpus or wanted == "cpu":
        why = "train.device is cpu" if wanted == "cpu" else "TensorFlow finds neither TPU nor GPU"
        return devices("CPU", tf.distribute.OneDeviceStrategy("/cpu:0"), why)
    names = [gpu.name for gpu in tf.config.list_logical_devices("GPU")]
    if len(names) == 1:
        return devices("GPU", tf.distribute.OneDeviceStrategy(names[0]), "there is one GPU")
    mirrored = tf.distribute.MirroredStrategy(names)
    return devices("GPU", mirrored, f"there are {len(names)} GPUs")


@cache
def _strategy_of_tpu() -> tf.distribute.Strategy:
    resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu="local")
    tf.config.experimental_connect_to_cluster(resolver)
    tf.tpu.experimental.initialize_tpu_system(resolver)
    return tf.distribute.TPUStrategy(resolver)


def _capability(gpus: list) -> tuple[int, int] | None:
    """Return CUDA's compute capability of the weakest GPU; None if there is none, or not CUDA's."""
    details = map(tf.config.experimental.get_device_details, gpus)
    known = [each["compute_capability"] for each in details if "compute_capability" in each]
    return min(known, default=None)


def _of_jax(train: Train) -> Devices:
    import jax

    if place().workers > 1:
        raise ConfigError(
            "TF_CONFIG names several workers, which only TensorFlow supports: set KERAS_BACKEND to "
            "tensorflow, or unset TF_CONFIG."
        )
    tf.config.set_visible_devices([], "GPU")  # TensorFlow only reads the pictures
    found = jax.devices()
    kind = {"cpu": "CPU", "gpu": "GPU", "tpu": "TPU"}.get(found[0].platform, found[0].platform)
    if train.device not in ("auto", kind.lower()):
        raise ConfigError(_missing(train.device.upper(), "JAX"))
    capability = None
    if kind == "GPU":
        capability = tuple(int(part) for part in str(found[0].compute_capability).split("."))
    distribution = None
    if len(found) > 1:
        distribution = _data_parallel()
        keras.distribution.set_distribution(distribution)
    count = f"{len(found)} {kind}s" if len(found) > 1 else f"one {kind}"
    precision = choose_precision(train.precision, kind, capability)
    return Devices(kind, len(found), distribution, precision, f"JAX finds {count}")


@cache
def _data_parallel() -> keras.distribution.DataParallel:
    return keras.distribution.DataParallel()


def _missing(kind: str, library: str) -> str:
    return (
        f"train.device is {kind.lower()}, but {library} finds no {kind} on this machine: attach "
        "one and install its driver, or set train.device to auto."
    )
