"""The same training on several kinds of devices ends with the same weights.

    python -m tests.training.agreement [--jax PYTHON] [--networks small,lite0]

One device, two logical CPUs, two worker processes on loopback and, where a Python with JAX is
named, eight pretended devices on JAX: 21 steps with clipping of both kinds, accumulated gradients,
mixed pictures and averaged weights; one device takes them one by one, all others two in one call
where an epoch has two left. Then one of two workers is killed, and both resume. Run by `make
devices`; test_agreement.py does the first two of the small network.

The small network must agree within 1e-4. A real one, lite0, makes more of a rounding in 21 steps of
Adam than that: one device starts a second time, from weights that are the last bit off, and the
others, which round at every step, may be three times as far from the first as this one is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.training import one_of_many

ROOT = Path(__file__).parents[2]
WITHIN = 1e-4


def write_start(folder: Path, network: str) -> None:
    """The weights that all begin with."""
    import keras

    from tests.training.squares import COLOURS
    from tf_happywhale.models.classifier import build_classifier
    from tf_happywhale.models.embedder import build_embedder

    keras.utils.set_random_seed(0)
    model = one_of_many.settings(network).model
    embedder = (one_of_many.small if network == "small" else build_embedder)(model)
    folder.mkdir(parents=True, exist_ok=True)
    classifier = build_classifier(embedder, model, [1] * len(COLOURS))
    classifier.save_weights(folder / "start.weights.h5")


def start(
    kind: str, folder: Path, network: str, *overrides: str, python: str = sys.executable, **more
) -> subprocess.Popen:
    """A process that trains; its output goes to FOLDER/<kind><TF_CONFIG's index>.log."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1", **more}
    index = json.loads(more["TF_CONFIG"])["fold_data"]["index"] if "TF_CONFIG" in more else ""
    line = [python, "-m", "tests.training.one_of_many", kind, str(folder), network, *overrides]
    with (folder / f"{kind}{index}.log").open("a") as log:
        return subprocess.Popen(line, stdout=log, stderr=log, env=environment, cwd=ROOT)


def start_workers(folder: Path, network: str, *overrides: str) -> list[subprocess.Popen]:
    """Two workers on loopback; number 0 is the chief."""
    cluster = {"worker": [f"localhost:{port}" for port in _free_ports(2)]}
    return [
        start("worker", folder, network, *overrides, TF_CONFIG=json.dumps(
            {"cluster": cluster, "fold_data": {"type": "worker", "index": index}}
        ))
        for index in range(2)
    ]  # fmt: skip


def start_jax(folder: Path, network: str, python: str) -> subprocess.Popen:
    flags = "--xla_force_host_platform_device_count=8"
    return start("jax", folder, network, python=python, KERAS_BACKEND="jax", XLA_FLAGS=flags)


def finish(folder: Path, *processes: subprocess.Popen) -> None:
    """Wait for processes that must end well."""
    codes = [process.wait() for process in processes]
    logs = "\n".join(log.read_text()[-1500:] for log in folder.glob("*.log"))
    assert not any(codes), f"{codes}\n{logs}"


def difference(folder: Path, first: str, second: str) -> float:
    """The largest between two kinds' averaged weights and neck statistics."""
    from tf_happywhale.run_folders.model_files import load_model

    weights = [
        load_model(folder / kind / "classifier.keras").get_weights() for kind in (first, second)
    ]
    return float(np.max([np.abs(a - b).max() for a, b in zip(*weights, strict=True)]))


def moved(folder: Path, kind: str) -> float:
    """The largest change of a weight since the start."""
    from tf_happywhale.run_folders.model_files import load_model

    classifier = load_model(folder / kind / "classifier.keras")
    now = classifier.get_weights()
    classifier.load_weights(folder / "start.weights.h5")
    pairs = zip(now, classifier.get_weights(), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


def embeddings_differ(folder: Path) -> float:
    """What JAX's model embeds on TensorFlow, beside what it has embedded on JAX itself."""
    from tf_happywhale.inference.engines.runtimes import by_keras
    from tf_happywhale.run_folders.model_files import load_model

    told = np.load(folder / "jax.npz")
    found = by_keras(load_model(folder / "jax" / "model.keras"))(told["pictures"])
    return float(np.abs(found - told["embedding"]).max())


def check_workers_files(folder: Path) -> None:
    """The chief's are as one device's, the other worker has left none, and the neck is a plain one
    again."""
    from tf_happywhale.run_folders.model_files import load_model

    names = [
        {str(file.relative_to(folder / kind)) for file in (folder / kind).rglob("*")}
        for kind in ("one", "worker")
    ]
    assert names[0] == names[1], names
    lines = (folder / "worker" / "log.jsonl").read_text().splitlines()
    assert len(lines) == one_of_many.EPOCHS
    assert "this is number 1" in (folder / "worker1.log").read_text()
    assert not load_model(folder / "worker" / "model.keras").get_layer("neck").synchronized


def kill_one_worker(folder: Path, network: str) -> float:
    """Kill a worker once a checkpoint is there, start both again; the difference to one device."""
    often = "train.checkpoint_minutes=0"
    chief, other = start_workers(folder, network, often)
    checkpoints = folder / "worker" / "checkpoints"
    while len(list(checkpoints.glob("step-*.safetensors"))) < 2:
        assert chief.poll() is None, (folder / "worker0.log").read_text()[-2000:]
        time.sleep(0.02)
    other.kill()
    other.wait()
    print(f"the chief ended with {chief.wait(timeout=300)} after the other worker was killed")
    finish(folder, *start_workers(folder, network, often))
    assert "resuming at step" in (folder / "worker0.log").read_text()
    return difference(folder, "one", "worker")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jax", help="a Python that has JAX beside TensorFlow")
    parser.add_argument("--networks", default="small,lite0")
    options = parser.parse_args()
    far = []
    for network in options.networks.split(","):
        with TemporaryDirectory() as home:
            folder = Path(home)
            write_start(folder, network)
            finish(folder, start("one", folder, network), start("mirrored", folder, network))
            limit = WITHIN
            if network != "small":
                finish(folder, start("rounded", folder, network))
                limit = max(WITHIN, 3 * difference(folder, "one", "rounded"))
            finish(folder, *start_workers(folder, network))
            check_workers_files(folder)
            kinds = ["mirrored", "worker"]
            if options.jax:
                finish(folder, start_jax(folder, network, options.jax))
                kinds.append("jax")
            found = {kind: difference(folder, "one", kind) for kind in kinds}
            if network == "small":
                shutil.rmtree(folder / "worker")
                found["a worker killed"] = kill_one_worker(folder, network)
            for what, value in found.items():
                print(f"{network}, {what}: {value:.1e} from one device, of {limit:.1e}", flush=True)
                far += [f"{network}, {what}"] * (not value <= limit)  # nor NaN
            if options.jax:
                value = embeddings_differ(folder)
                print(f"{network}, JAX's model embeds on TensorFlow: {value:.1e} from JAX")
                far += [f"{network}, embedding"] * (not value <= WITHIN)
    assert not far, far


if __name__ == "__main__":
    main()
