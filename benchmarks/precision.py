"""A training step in float32 and in bfloat16, on TensorFlow and on PyTorch: seconds, side by side.

The steps are those of `backbones.py`: backbone, GeM, BatchNorm, Dense 512, ArcFace of 100
individuals and AdamW, on one random batch. Each of the four stands in a process of its own, and
they take a step in turn, so that what else the machine does hits all alike. Each run starts the
four again. Seconds of the processor are noted beside those of the clock. With one thread, a busy
machine adds less to them; with several, PyTorch's threads wait for each other busily, which counts.

    python benchmarks/precision.py --json precision.json
    python benchmarks/precision.py --only b0 --size 224 --batch 16
    python benchmarks/precision.py --quick
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.files import write_json

SIDES = ("tensorflow", "pytorch")
PRECISIONS = ("float32", "bfloat16")
CONTESTANTS = [f"{side} {precision}" for side in SIDES for precision in PRECISIONS]
WARM = 3


def serve(side: str, precision: str, name: str, args: argparse.Namespace) -> None:
    """Take a step for each line of the standard input; answer with its seconds of the clock and of
    the processor."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from backbones import our_step, their_step

    limit_threads(side, args.threads)
    step = (our_step if side == "tensorflow" else their_step)(name, args, precision)
    for _ in range(WARM):
        step()
    print("ready", flush=True)
    for _ in sys.stdin:
        clock, processor = time.perf_counter(), time.process_time()
        step()
        print(time.perf_counter() - clock, time.process_time() - processor, flush=True)


def limit_threads(side: str, threads: int) -> None:
    if side == "pytorch":
        import torch

        torch.set_num_threads(threads)
        return
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)


def start(contestant: str, name: str, args: argparse.Namespace) -> subprocess.Popen:
    """Start a contestant's process, and wait until its step is compiled."""
    command = [sys.executable, __file__, "--serve", *contestant.split(), name]
    for option in ("size", "batch", "threads"):
        command += [f"--{option}", str(getattr(args, option))]
    cpu = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=cpu
    )
    if process.stdout.readline().strip() != "ready":
        raise SystemExit(f"{contestant} {name} did not start: its error stands above.")
    return process


def run_once(name: str, args: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    """Seconds of each contestant's steps, by the clock and by the processor."""
    processes, seconds = {}, {}
    try:
        for each in CONTESTANTS:
            processes[each] = start(each, name, args)
            seconds[each] = {"clock": [], "processor": []}
        for turn in range(args.rounds):
            first = turn % len(CONTESTANTS)  # none is always the first
            for each in CONTESTANTS[first:] + CONTESTANTS[:first]:
                processes[each].stdin.write("step\n")
                processes[each].stdin.flush()
                answer = processes[each].stdout.readline().split()
                for kind, value in zip(seconds[each], answer, strict=True):
                    seconds[each][kind].append(float(value))
    finally:
        for process in processes.values():
            process.stdin.close()
            process.wait()
    return seconds


def faster(seconds: dict, kind: str, one: str, other: str) -> float:
    """How many times as fast one contestant is as another: the median over the rounds."""
    pairs = zip(seconds[other][kind], seconds[one][kind], strict=True)
    return statistics.median(b / a for b, a in pairs)


def report(seconds: dict, name: str, args: argparse.Namespace) -> None:
    for each in CONTESTANTS:
        clock, processor = (statistics.median(seconds[each][k]) for k in ("clock", "processor"))
        ratios = [
            f"{faster(seconds, kind, each, other):5.2f}"
            for other in ("tensorflow float32", "pytorch bfloat16")
            for kind in ("clock", "processor")
        ]
        print(
            f"{name:13}{each:21}{args.batch / clock:8.1f}{clock * 1000:8.0f}{processor * 1000:8.0f}"
            f"   {ratios[0]} ({ratios[1]})   {ratios[2]} ({ratios[3]})",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", default=["lite0", "b0"], metavar="NAME")
    parser.add_argument("--size", type=int, default=128, help="side of the pictures, pixels")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=usable_cores(), help="1 if others compute")
    parser.add_argument("--rounds", type=int, default=15, help="steps of each in a run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="lite0, 64 px, three rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(*args.serve, args)
        return
    if args.quick:
        args.only, args.size, args.rounds, args.runs = ["lite0"], 64, 3, 1
    print(f"{'':34}{'img/s':>8}{'ms':>8}{'CPU ms':>8}   × TensorFlow's   × PyTorch's")
    print(f"{'':34}{'':24}   float32 (CPU)   bfloat16 (CPU)")
    figures = []
    for name in args.only:
        for _ in range(args.runs):
            seconds = run_once(name, args)
            report(seconds, name, args)
            figures.append({"network": name, "load": os.getloadavg(), "seconds": seconds})
    if args.json is not None:
        write_json(
            args.json,
            {"size": args.size, "batch": args.batch, "threads": args.threads, "figures": figures},
        )


if __name__ == "__main__":
    main()
