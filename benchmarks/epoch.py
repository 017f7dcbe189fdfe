"""What an epoch costs beside its bare training steps: how much time goes into keeping the books.

The bare step is forward, backward, clipping and AdamW in one compiled function; then the same with
the average of the weights, which is a part of the recipe and not of the books. An epoch is
`training.epoch.train_epoch` as `train` runs it: that, schedule, losses, the copies that undo a step
that is not finite, progress bar, clock and signals. All train the same network on the same pictures
from memory, a few steps each in turn, so that what else the machine does hits all. A checkpoint is
timed beside them, against the minutes between two.

    python benchmarks/epoch.py
    python benchmarks/epoch.py --backbone b0 --size 224
    python benchmarks/epoch.py --quick
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tf_happywhale.disk.files import write_json

CLASSES = 400
WANTED = 0.05


def measure(args: argparse.Namespace) -> dict:
    """Seconds of a bare step, of one with the average, of a step of an epoch, of a checkpoint."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import numpy as np
    import tensorflow as tf
    from tqdm import tqdm

    from tf_happywhale.config import Model, Train
    from tf_happywhale.models.classifier import build_classifier
    from tf_happywhale.models.embedder import build_embedder
    from tf_happywhale.training.epoch import train_epoch
    from tf_happywhale.training.resume.checkpoint import Checkpoints, Progress
    from tf_happywhale.training.resume.clock_and_signals import Watch
    from tf_happywhale.training.update.clipping import clip_by_global_norm
    from tf_happywhale.training.update.learner import Learner
    from tf_happywhale.training.update.loss import Loss
    from tf_happywhale.training.update.optimizer import Optimizers
    from tf_happywhale.training.update.tensorflow_step import make_step
    from tf_happywhale.training.update.weight_average import WeightAverage

    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    shape = (args.batch, args.size, args.size, 3)
    pictures = tf.constant(rng.integers(0, 256, shape, dtype=np.uint8))
    targets = tf.constant(rng.integers(0, CLASSES, args.batch))
    model, train = Model(backbone=args.backbone, weights="none"), Train(batch_size=args.batch)
    train = train.model_copy(update={"average": 0.99, "epochs": 1000})
    classifier = build_classifier(build_embedder(model), model, [1] * CLASSES)
    variables, loss = classifier.trainable_variables, Loss()
    optimizers, average = Optimizers(classifier, train), WeightAverage(variables, train.average)

    @tf.function
    def bare(rate: tf.Tensor, averaged: bool) -> tf.Tensor:
        with tf.GradientTape() as tape:
            mean = tf.reduce_mean(loss.each(classifier, pictures, targets))
        gradients = tape.gradient(mean, [variable.value for variable in variables])
        optimizers.apply(clip_by_global_norm(gradients, train.clip_norm), rate)
        if averaged:
            average.update()
        return mean

    learner = Learner(classifier, optimizers, average)
    step = make_step(tf.distribute.get_strategy(), learner, train, loss)
    progress, seconds = Progress(), {"bare": [], "averaged": [], "epoch": []}
    with tempfile.TemporaryDirectory() as folder, Watch(10, None, time.monotonic()) as watch:
        groups = {"classifier": classifier.variables, "optimizers": optimizers.state}
        checkpoints = Checkpoints(Path(folder), groups | {"average": average.state}, "")

        def pause() -> None:
            assert watch.reason() is None
            assert not watch.due()

        def run_epoch() -> None:
            batches = tqdm([(pictures, targets)] * args.steps, desc="epoch", leave=False)
            train_epoch(step, batches, train, progress, args.steps, Path(folder), pause)

        def run_bare(averaged: bool) -> None:
            for _ in range(args.steps):
                float(bare(tf.constant(1e-4), averaged))

        work = {
            "bare": partial(run_bare, False),
            "averaged": partial(run_bare, True),
            "epoch": run_epoch,
        }
        for turn in range(args.turns + 1):
            names = list(work)
            for name in names[turn % 3 :] + names[: turn % 3]:  # none is always the first
                begin = time.perf_counter()
                work[name]()
                if turn:  # the first compiles
                    seconds[name].append((time.perf_counter() - begin) / args.steps)
        begin = time.perf_counter()
        checkpoints.save(progress)
        checkpoint = time.perf_counter() - begin
    more = {
        name: [b / a - 1 for a, b in zip(seconds[name], seconds["epoch"], strict=True)]
        for name in ("bare", "averaged")
    }
    return {
        **{name: statistics.median(values) for name, values in seconds.items()},
        "more": {name: statistics.median(values) for name, values in more.items()},
        "more_each_turn": more,
        "checkpoint": checkpoint,
        "checkpoint_share": checkpoint / (train.checkpoint_minutes * 60),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backbone", default="lite0", metavar="NAME")
    parser.add_argument("--size", type=int, default=128, help="side of the pictures, pixels")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=6, help="of each turn")
    parser.add_argument("--turns", type=int, default=30, help="the median counts")
    parser.add_argument("--quick", action="store_true", help="three turns of three steps")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    args = parser.parse_args()
    if args.quick:
        args.size, args.steps, args.turns = 64, 3, 3
    found = measure(args)
    both = found["more"]["averaged"] + found["checkpoint_share"]
    print(
        f"{args.backbone} at {args.size} px, batch {args.batch}: bare step "
        f"{found['bare'] * 1000:.0f} ms, with the average {found['averaged'] * 1000:.0f} ms, step "
        f"of an epoch {found['epoch'] * 1000:.0f} ms: {found['more']['averaged']:+.1%} "
        f"({found['more']['bare']:+.1%} of the bare one); a checkpoint "
        f"{found['checkpoint']:.2f} s: {found['checkpoint_share']:.2%} more. "
        f"Wanted below {WANTED:.0%}: {both:+.1%}"
    )
    if args.json is not None:
        write_json(args.json, found)
    sys.exit(both >= WANTED and not args.quick)


if __name__ == "__main__":
    main()
