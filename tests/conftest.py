"""What several test files share: a small pod, drawn once, and a quick experiment on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

# Read when libraries are loaded. Where pytest's workers share the cores, more threads only wait.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import hypothesis
import numpy as np
import pytest
from filelock import FileLock

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# Files that take long come first, so that no process is left alone with one at the end; and what
# makes `finished` comes before the others that want it.
FIRST = (
    "tests/test_api.py",
    "tests/training/",
    "tests/faults/",
    "tests/models/",
    "tests/matching/",
    "tests/test_",
)

QUICK = [
    "name=quick",
    "seed=3",
    "image_size=32",
    "records.source=backfin",
    "model.weights=none",
    "model.embedding_size=16",
    "train.epochs=1",
    "train.batch_size=8",
    "embed.batch_size=16",
    "data.folds=3",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files; within one nothing changes."""
    items.sort(key=lambda item: [not item.nodeid.startswith(name) for name in FIRST])


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of the tests, the same for all of its workers."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def pod(shared: Path) -> Path:
    """A data folder of six known and two new individuals; tests must not change it."""
    from tf_happywhale.catalogue.pod.layout import write_pod
    from tf_happywhale.config import Pod

    root = shared / "data" / "pod"
    settings = Pod(
        individuals=6,
        new_individuals=2,
        singletons=1,
        mean_images=5,
        test_images=1.5,
        width=300,
        height=200,
    )
    shared.joinpath("data").mkdir(exist_ok=True)
    with FileLock(shared / "data" / "pod.lock"):  # the worker that comes second finds it drawn
        write_pod(root, settings, seed=5, workers=2)
    return root


@pytest.fixture(scope="session")
def finished(pod: Path, shared: Path) -> Path:
    """The output of the quick experiment on the pod, all of `run`, with a real network; tests must
    not change it."""
    from tf_happywhale import run
    from tf_happywhale.config import load_experiment

    output = shared / "finished"
    with FileLock(shared / "finished.lock"):  # the worker that comes second finds it up to date
        run.main(load_experiment(None, [*QUICK, f"data.root={pod}", f"output={output}"]))
    return output


@pytest.fixture
def small_network_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is trained is a small network, where only what goes in and comes out matters."""
    from tests import small_network
    from tf_happywhale.training import trainer

    monkeypatch.setattr(trainer, "build_embedder", small_network.build)


@pytest.fixture
def save() -> Callable[[Path, np.ndarray], Path]:
    """Writes RGB [h, w, 3] or grey [h, w] as PNG, whatever the path ends in."""

    def write(path: Path, picture: np.ndarray) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = picture[..., ::-1] if picture.ndim == 3 else picture
        path.write_bytes(cv2.imencode(".png", stored)[1].tobytes())
        return path

    return write


@pytest.fixture(scope="session")
def squares(tmp_path_factory: pytest.TempPathFactory):
    """22 noisy squares of 32 pixels in finished records; two folds, fold 1 left out."""
    from tests.training.squares import make_fold_data

    return make_fold_data(tmp_path_factory.mktemp("squares"))


@pytest.fixture(scope="session")
def toy():
    """A function that builds a small embedder, in place of `build_embedder`."""
    import keras

    from tf_happywhale.models.layers.gem import GeM

    def build(settings):
        pictures = keras.Input((None, None, 3), name="picture")
        x = keras.layers.Rescaling(1 / 255)(pictures)
        x = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(x)
        x = GeM(settings.gem_p, name="gem")(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name="neck")(x)
        x = keras.layers.Dense(settings.embedding_size)(x)
        return keras.Model(pictures, x, name="embedder")

    return build
