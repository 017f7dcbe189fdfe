"""Which library runs Keras: TensorFlow or JAX, decided before Keras is imported."""

from __future__ import annotations

import os
import sys
from glob import glob
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from tf_happywhale.errors import ConfigError

KNOWN = ("tensorflow", "jax")
NETWORKS = (*KNOWN, "keras")  # packages that come with the extra `tf` or `jax`
TPU_FILES = ("/dev/accel[0-9]*", "/dev/vfio/[0-9]*")


def set_backend(device: str) -> str:
    """Set Keras' backend in the environment, as `KERAS_BACKEND`, and return it.

    If the environment already names a backend, that one is kept. Else it is TensorFlow, or JAX if
    only JAX can use the TPU that is attached, as on Kaggle.

    Args:
        device: `train.device`.

    Raises:
        ConfigError: the environment or a Keras that is already loaded has another backend than the
            device needs, or the backend is not installed.
    """
    asked = os.environ.get("KERAS_BACKEND") or None
    if asked not in (None, *KNOWN):
        raise ConfigError(
            f"KERAS_BACKEND is {asked}, which this package does not know: unset it, or set it to "
            f"{' or '.join(KNOWN)}."
        )
    usable = {"tensorflow": tensorflow_for_tpus(), "jax": jax_for_tpus()}
    by_jax = device in ("auto", "tpu") and usable["jax"] and not usable["tensorflow"]
    backend = asked or ("jax" if by_jax else "tensorflow")
    if device == "tpu" and not usable[backend]:
        raise ConfigError(_no_tpu(backend, usable))
    if backend == "jax" and find_spec("jax") is None:
        raise ConfigError(
            "KERAS_BACKEND is jax, which is not installed: pip install 'tf-happywhale[jax]', or "
            "unset it."
        )
    loaded = sys.modules.get("keras")
    if loaded is not None and loaded.backend.backend() != backend:
        raise ConfigError(
            f"Keras runs on {loaded.backend.backend()} in this process already, and {backend} is "
            f"needed: start again with KERAS_BACKEND={backend}."
        )
    os.environ["KERAS_BACKEND"] = backend
    if backend == "jax" and device == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"  # else JAX takes any accelerator that it finds
    return backend


def tensorflow_for_tpus() -> bool:
    """Whether the TensorFlow that is installed is the one for TPUs."""
    try:
        return bool(version("tensorflow-tpu"))
    except PackageNotFoundError:
        return False


def jax_for_tpus() -> bool:
    """Whether JAX and a TPU's driver are installed, and a TPU is attached to this machine."""
    attached = any(glob(pattern) for pattern in TPU_FILES)
    return attached and find_spec("jax") is not None and find_spec("libtpu") is not None


def not_installed(package: str) -> str:
    """A sentence that says how a missing package of `NETWORKS` is installed."""
    extra = "jax" if package == "jax" else "tf"
    return (
        f"{package} is not installed for {sys.executable}: pip install 'tf-happywhale[{extra}]', "
        "or use the Python in which it is installed (`source .venv/bin/activate`)."
    )


def _no_tpu(backend: str, usable: dict[str, bool]) -> str:
    other = next((name for name in KNOWN if usable[name]), None)
    if other is not None:
        return (
            f"train.device is tpu and KERAS_BACKEND is {backend}, which has no TPU here: unset "
            f"KERAS_BACKEND, or set it to {other}."
        )
    return (
        "train.device is tpu, and this machine has none that TensorFlow (tensorflow-tpu) or JAX "
        "(jax[tpu]) could use: attach one, or set train.device to auto."
    )
