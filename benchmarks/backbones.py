"""Speed of our backbones beside timm's on PyTorch: inference and whole training steps.

Both run the same batch of random pictures on the CPU in float32 (PyTorch in channels_last): the
backbone alone, and a step of backbone, GeM, BatchNorm, Dense 512, ArcFace of 100 individuals and
AdamW. Each figure is taken in a process of its own, ours and theirs in turn; the table shows
medians of the runs and their ratio.

    python benchmarks/backbones.py --json backbones.json
    python benchmarks/backbones.py --quick
    python benchmarks/backbones.py --only eca_nfnet_l0 --size 160
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tf_happywhale.disk.files import write_json

NETWORKS = ("lite0", "b0", "v2_s", "eca_nfnet_l0")
CLASSES, DIMENSIONS = 100, 512


def images_per_second(step: Callable[[], object], batch: int, seconds: float) -> float:
    """Median speed of a step, after three for warming up."""
    for _ in range(3):
        step()
    times = []
    while sum(times) < seconds or len(times) < 3:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return batch / statistics.median(times)


def batch_of(args: argparse.Namespace):
    import numpy as np

    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (args.batch, args.size, args.size, 3), dtype=np.uint8)
    return pictures, rng.integers(0, CLASSES, args.batch)


def ours(name: str, work: str, args: argparse.Namespace) -> float:
    """Images a second of this package."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    from tf_happywhale.models.backbones.build import build_backbone

    pictures, _ = batch_of(args)
    if work == "training":
        return images_per_second(our_step(name, args), args.batch, args.seconds)
    network, batch = build_backbone(name), tf.constant(pictures)
    forward = tf.function(lambda x: network(x, training=False))
    return images_per_second(lambda: forward(batch), args.batch, args.seconds)


def our_step(name: str, args: argparse.Namespace, precision: str = "float32") -> Callable:
    """A training step of this package on TensorFlow."""
    import tensorflow as tf

    from tf_happywhale.config import Model, Train
    from tf_happywhale.devices.precision import policy
    from tf_happywhale.models.classifier import build_classifier
    from tf_happywhale.models.embedder import build_embedder
    from tf_happywhale.training.update.learner import Learner
    from tf_happywhale.training.update.loss import Loss
    from tf_happywhale.training.update.optimizer import Optimizers
    from tf_happywhale.training.update.tensorflow_step import make_step

    pictures, targets = (tf.constant(values) for values in batch_of(args))
    model = Model(backbone=name, weights="none", embedding_size=DIMENSIONS)
    train = Train(batch_size=args.batch)
    with policy(precision):
        classifier = build_classifier(build_embedder(model), model, [1] * CLASSES)
    learner = Learner(classifier, Optimizers(classifier, train))
    step = make_step(tf.distribute.get_strategy(), learner, train, Loss())
    return lambda: step(0, pictures, targets, 1e-4)


def theirs(name: str, work: str, args: argparse.Namespace) -> float:
    """Images a second of timm on PyTorch."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    if work == "training":
        return images_per_second(their_step(name, args), args.batch, args.seconds)
    backbone, features = their_features(name)
    backbone.eval()
    pictures = torch.from_numpy(batch_of(args)[0])

    @torch.inference_mode()
    def forward() -> torch.Tensor:
        return features(pictures)

    return images_per_second(forward, args.batch, args.seconds)


def their_features(name: str):
    """timm's backbone, and a function of pictures uint8 [n, h, w, 3] to its maps."""
    import timm
    import torch

    from tf_happywhale.models.backbones.variants import VARIANTS

    backbone = timm.create_model(VARIANTS[name].timm, num_classes=0)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in VARIANTS[name].mean_std)

    def features(batch: torch.Tensor) -> torch.Tensor:
        normalised = (batch.permute(0, 3, 1, 2).float() / 255 - mean) / std
        return backbone.forward_features(normalised)

    return backbone.to(memory_format=torch.channels_last), features


def their_step(name: str, args: argparse.Namespace, precision: str = "float32") -> Callable:
    """A training step of timm's backbone, with the heads of the original's peer."""
    import torch
    from original_torch import ArcFace, GeM, keep_slow_in_float32, make_optimizer
    from torch import nn
    from torch.nn import functional as F

    backbone, features = their_features(name)
    pictures, target = (torch.from_numpy(values) for values in batch_of(args))
    half = precision == "bfloat16"
    if half:
        keep_slow_in_float32(backbone)
    channels = backbone.num_features
    neck = nn.Sequential(GeM(), nn.BatchNorm1d(channels), nn.Linear(channels, DIMENSIONS))
    head = ArcFace(DIMENSIONS, CLASSES)
    model = nn.ModuleList([backbone, neck, head]).to(memory_format=torch.channels_last).train()
    optimizer = make_optimizer(model, 1e-4)

    def step() -> float:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            maps = features(pictures)
        loss = F.cross_entropy(head(neck(maps.float()), target), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1000.0)
        optimizer.step()
        return loss.item()

    return step


def measure(side: str, name: str, work: str, args: argparse.Namespace) -> float:
    """One figure, in a process of its own."""
    command = [sys.executable, __file__, "--one", side, name, work, "--batch", str(args.batch)]
    command += ["--size", str(args.size), "--seconds", str(args.seconds)]
    cpu = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=cpu)
    if done.returncode:
        raise SystemExit(f"{side} {name} {work} failed:\n{done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=NETWORKS, metavar="NAME")
    parser.add_argument("--size", type=int, default=224, help="side of the pictures, pixels")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--runs", type=int, default=3, help="processes for each figure")
    parser.add_argument("--seconds", type=float, default=10, help="timed in each process")
    parser.add_argument("--quick", action="store_true", help="b0 only, 128 px, one short run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        side, name, work = args.one
        print((ours if side == "ours" else theirs)(name, work, args))
        return
    if args.quick:
        args.only, args.size, args.runs, args.seconds = ["b0"], 128, 1, 2
    figures = []
    print(f"{'network':14}{'work':11}{'ours':>9}{'timm':>9}{'ratio':>7}   images a second")
    for name in args.only:
        for work in ("inference", "training"):
            runs = {"ours": [], "theirs": []}
            for _ in range(args.runs):
                for side, found in runs.items():
                    found.append(measure(side, name, work, args))
            mine, its = (statistics.median(found) for found in runs.values())
            print(f"{name:14}{work:11}{mine:9.1f}{its:9.1f}{mine / its:7.2f}", flush=True)
            figures.append({"network": name, "work": work, "ratio": mine / its, **runs})
    if args.json is not None:
        record = {"size": args.size, "batch": args.batch, "figures": figures}
        write_json(args.json, record)


if __name__ == "__main__":
    main()
