"""Training killed at ten random moments beside training left in peace: run by `make devices`.

The saved models, the log, and what the last step led to - weights, their average, the optimizers'
state - must be the same bit for bit. Not collected by pytest, since it starts TensorFlow a dozen
times.
"""

from __future__ import annotations

import json
import random
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from safetensors.numpy import load_file

KILLS = 10
EPOCHS = 12
KEYS = [
    "image_size=96", "data.folds=3", "fold=0", "records.source=backfin", "model.backbone=lite0",
    "model.dropout=0.2", "model.drop_path=0.1", f"train.epochs={EPOCHS}", "train.batch_size=8",
    "train.average=0.9", "train.accumulate=2", "train.checkpoint_minutes=0.005",
    "train.head_rate=10", "augment.mixup_p=0.5", "train.validate_every=2",
]  # fmt: skip
TIMED = ("seconds", "images_per_second")


def main() -> None:
    """Draw a small pod, train on it twice, and compare."""
    from tf_happywhale.catalogue.pod.layout import write_pod
    from tf_happywhale.config import Pod

    rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    with TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Pod(
            individuals=8,
            new_individuals=2,
            singletons=1,
            mean_images=6,
            test_images=1.5,
            width=300,
            height=200,
        )
        write_pod(home / "pod", settings, seed=5, workers=2)
        write = [sys.executable, "-m", "tf_happywhale.tfrecords", "write"]
        subprocess.run([*write, *line(home, "peace")], check=True)
        started = time.monotonic()
        assert run(home, "peace").wait() == 0, (home / "peace.log").read_text()[-2000:]
        whole = time.monotonic() - started
        kills, went_on = 0, 0
        while kills < KILLS:
            process = run(home, "killed")
            # The first third of the time TensorFlow starts, and nothing can be lost.
            time.sleep(rng.uniform(whole / 3, whole))
            if process.poll() is None:
                process.kill()
                process.wait()
                kills += 1
                went_on += bool(list((home / "killed").rglob("step-*.safetensors")))
            else:  # it finished before it could be killed: look at it, and start again
                assert process.returncode == 0, (home / "killed.log").read_text()[-2000:]
                compare(home / "peace", home / "killed")
                shutil.rmtree(home / "killed")
        assert run(home, "killed").wait() == 0, (home / "killed.log").read_text()[-2000:]
        compare(home / "peace", home / "killed")
        assert went_on * 2 >= KILLS, f"only {went_on} of {KILLS} kills left a checkpoint"
        print(
            f"killed {kills} times, {went_on} times with a checkpoint to resume from: models, log, "
            "and the last weights, average and optimizers' state are the same, bit for bit"
        )


def train() -> None:
    """The command `train`, on this process' arguments, that also keeps where its last step led."""
    import tensorflow as tf

    from tf_happywhale.training import loop
    from tf_happywhale.training.resume.checkpoint import Checkpoints

    class Kept(Checkpoints):
        def best(self, progress):
            # Asked for when all epochs are done, before the weights are put back to the best ones.
            if progress.epoch == EPOCHS:
                end = Checkpoints(self.folder / "end", {}, self.stamp)
                end.variables = self.variables
                end.save(progress)
            return super().best(progress)

    tf.config.experimental.enable_op_determinism()
    loop.Checkpoints = Kept
    runpy.run_module("tf_happywhale.train", run_name="__main__")


def run(home: Path, name: str) -> subprocess.Popen:
    """Start the command; its output goes to a log."""
    start = "from tests.training.killed import train; train()"
    with (home / f"{name}.log").open("a") as log:
        command = [sys.executable, "-c", start, *line(home, name)]
        return subprocess.Popen(command, stdout=log, stderr=log)


def line(home: Path, name: str) -> list[str]:
    """The config of a run, as on a command line."""
    places = {"data.root": home / "pod", "output": home / name, "records.dir": home / "records"}
    return [*(f"{key}={place}" for key, place in places.items()), *KEYS]


def compare(*outputs: Path) -> None:
    """The runs in two output folders end alike, bit for bit."""
    from tf_happywhale.run_folders.model_files import load_model

    logs, runs = [], [next(output.rglob("log.jsonl")).parent for output in outputs]
    for run_folder in runs:
        lines = map(json.loads, (run_folder / "log.jsonl").read_text().splitlines())
        logs.append([{k: v for k, v in line.items() if k not in TIMED} for line in lines])
    assert logs[0] == logs[1], logs
    for file in ("model.keras", "classifier.keras"):
        weights = [load_model(run_folder / file).get_weights() for run_folder in runs]
        for mine, other in zip(*weights, strict=True):
            np.testing.assert_array_equal(mine, other)
    ends = [next(run_folder.rglob("end/step-*.safetensors")) for run_folder in runs]
    assert ends[0].name == ends[1].name, ends
    first, second = map(load_file, ends)
    kinds = {name.partition("/")[0] for name in first}
    assert kinds == {"classifier", "optimizers", "average", "sums"}, kinds
    assert first.keys() == second.keys()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


if __name__ == "__main__":
    main()
