"""How fast training and evaluation batches are made, beside decoding alone and beside others.

    python benchmarks/input.py --json input.json
    python benchmarks/input.py --quick
    python benchmarks/input.py --torch .venv-torch/bin/python    # with albumentations in PyTorch

Photographs of the synthetic pod, cropped to 512 px by the package's own writer; every pipeline
reads the same shards or, for PyTorch, files of the same bytes. A round takes one epoch of each in
turn; the table has medians over the rounds, and the ratio to decoding alone is the median of the
rounds' own. Decoding alone uses the same decoder, threads, batches and prefetching as ours, in the
same process, so that glibc keeps its memory too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).parent
SIZE, BATCH = 512, 32
ROWS = {
    "decode": "decoding alone: cv2, a batch a call",
    "decode_tf": "decoding alone: tf.io.decode_jpeg, map, batch",
    "evaluate": "evaluation batches",
    "train": "training batches, the whole list",
    "train_plain": "training batches, augment.enabled=false",
    "keras": "the list in Keras layers, one after the other",
    "keras_shares": "the same on the shares of a batch that would be drawn",
    "torch_decode": "PyTorch DataLoader, decoding alone",
    "torch": "PyTorch DataLoader, albumentations, the list",
    "torch_original": "the same, normalised to float as the original has it",
}


def main() -> None:
    args = parse()
    if args.child:
        print(json.dumps(measure(args)))
        return
    write_pod_records(args)
    figures: dict[str, dict] = {}
    for workers in (1, 2):
        rates = in_child(args, workers)
        if args.torch:
            rates |= torch_rates(args, workers)
        figures[f"{workers} workers"] = summarise(rates)
    show(figures)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def experiment(args: argparse.Namespace):
    from tf_happywhale.config import load_experiment

    pod = ["pod.individuals=12", "pod.mean_images=4"] if args.quick else ["pod.individuals=70"]
    return load_experiment(
        None, [f"output={args.output}", f"image_size={SIZE}", "seed=7", "fold=0", *pod]
    )


def write_pod_records(args: argparse.Namespace) -> None:
    """The pod, its records, and each record's JPEG as a file for PyTorch."""
    from tf_happywhale import tfrecords
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.catalogue.kaggle.tfrecord_index import read_features
    from tf_happywhale.records.manifest import read_manifest
    from tf_happywhale.records.plan import plan_records

    settings = experiment(args)
    tfrecords.main("write", settings)
    folder = plan_records(settings, load_data(settings)).folder
    jpegs = args.output / "jpegs"
    jpegs.mkdir(exist_ok=True)
    for shard in read_manifest(folder)["shards"]:
        if shard.split == "train":
            for example in read_features(folder / shard.file, ("image", "image_name")):
                (jpegs / example["image_name"].decode()).write_bytes(example["image"])
    sizes = [path.stat().st_size for path in jpegs.iterdir()]
    print(f"{len(sizes)} images, {sum(sizes) / len(sizes) / 1e3:.0f} kB each")


def in_child(args: argparse.Namespace, workers: int) -> dict[str, list[float]]:
    """Measure in a process that may use so many cores."""
    command = [sys.executable, __file__, "--child", str(workers), "--output", str(args.output)]
    command += ["--rounds", str(args.rounds), *(["--quick"] if args.quick else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def torch_rates(args: argparse.Namespace, workers: int) -> dict[str, list[float]]:
    command = [str(args.torch), str(HERE / "input_torch.py"), str(args.output / "jpegs")]
    command += ["--workers", str(workers), "--rounds", str(args.rounds), "--batch", str(BATCH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def measure(args: argparse.Namespace) -> dict[str, list[float]]:
    """Images a second of every pipeline in every round."""
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: args.child]))
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.config import Augment
    from tf_happywhale.records.epoch_order import EpochOrder, TrainingImages
    from tf_happywhale.records.evaluation_reader import evaluation_batches
    from tf_happywhale.records.plan import plan_records
    from tf_happywhale.records.training_reader import training_batches

    settings = experiment(args)
    data = load_data(settings)
    folder = plan_records(settings, data).folder
    files = sorted(str(path) for path in folder.glob("*-train-*.tfrec"))

    def training(epoch: int, **changes) -> Iterable:
        return training_batches(
            TrainingImages(folder, ["train"], data.images, [0] * len(data.images)),
            EpochOrder(seed=1, epoch=epoch, shuffle_buffer=64),
            size=SIZE,
            batch_size=BATCH,
            settings=Augment(**changes),
        )

    pipelines: dict[str, Callable[[int], Iterable]] = {
        "decode": lambda epoch: decode_batches(files, args.child),
        "decode_tf": lambda epoch: tf_decode_batches(files, args.child),
        "evaluate": lambda epoch: evaluation_batches(
            folder, "train", data.images, size=SIZE, batch_size=BATCH
        ),
        "train": training,
        "train_plain": lambda epoch: training(epoch, enabled=False),
    }
    if args.child > 1:  # slow, and compared on all workers only
        pipelines |= {
            "keras": lambda epoch: keras_batches(files, args.child, 2, shares=False),
            "keras_shares": lambda epoch: keras_batches(files, args.child, 3, shares=True),
        }
    rates: dict[str, list[float]] = {name: [] for name in pipelines}
    for epoch in range(args.rounds):
        for name, pipeline in pipelines.items():
            rates[name].append(rate(pipeline(epoch)))
    return rates


def rate(batches: Iterable) -> float:
    """Images a second after the first batch, which pays for starting."""
    iterator, count = iter(batches), 0
    next(iterator)
    started = time.perf_counter()
    for batch in iterator:
        count += int(batch[0].shape[0])
    return count / (time.perf_counter() - started)


def examples(files: list[str]):
    import tensorflow as tf

    from tf_happywhale.records.example import parse_crops

    def parse(serialized):
        crops, name = parse_crops(serialized, [])
        return crops[0], name

    return (
        tf.data.Dataset.from_tensor_slices(files)
        .interleave(tf.data.TFRecordDataset, cycle_length=8)
        .map(parse)
    )


def finished(batches):
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.prefetch(4).with_options(options)


def decode_batches(files: list[str], workers: int):
    """The decoder alone, a batch at a time, a thread a core."""
    from concurrent.futures import ThreadPoolExecutor

    import cv2
    import numpy as np
    import tensorflow as tf

    cv2.setNumThreads(0)
    pool = ThreadPoolExecutor(workers)

    def decode_all(encoded: np.ndarray) -> np.ndarray:
        memory = np.empty(len(encoded) * SIZE * SIZE * 3 + 64, np.uint8)
        start = -memory.ctypes.data % 64  # or TensorFlow would copy it
        batch = memory[start : start + len(encoded) * SIZE * SIZE * 3]
        batch = batch.reshape(len(encoded), SIZE, SIZE, 3)

        def decode(first: int) -> None:
            for row in range(first, len(encoded), workers):
                picture = cv2.imdecode(np.frombuffer(encoded[row], np.uint8), cv2.IMREAD_COLOR)
                cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=batch[row])

        list(pool.map(decode, range(workers)))
        return batch

    def load(encoded, names):
        loaded = tf.numpy_function(decode_all, [encoded], tf.uint8, stateful=False)
        return tf.ensure_shape(loaded, (BATCH, SIZE, SIZE, 3)), names

    batches = examples(files).batch(BATCH, drop_remainder=True)
    return finished(batches.map(load, num_parallel_calls=2, deterministic=True))


def tf_decode_batches(files: list[str], workers: int):
    """TensorFlow's decoder alone, as its guide has it."""
    import tensorflow as tf

    def load(encoded, name):
        picture = tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")
        return tf.ensure_shape(picture, (SIZE, SIZE, 3)), name

    decoded = examples(files).map(load, num_parallel_calls=workers, deterministic=True)
    return finished(decoded.batch(BATCH, drop_remainder=True))


def keras_batches(files: list[str], workers: int, batches: int, *, shares: bool):
    """The list in Keras' own layers, which work on batches; a grid shuffle is not among them.

    Most have no probability: they change every picture. With `shares` each is given that share of
    the batch for which it would have been drawn, which nobody writes but is the least work.
    """
    import keras
    import tensorflow as tf

    layers = keras.layers
    affine = [
        layers.RandomRotation(15 / 360, fill_mode="constant"),
        layers.RandomTranslation((0, 0.25), (0, 0.25), fill_mode="constant"),
        layers.RandomShear(3 / 90, 3 / 90, fill_mode="constant"),
    ]
    zoom = layers.RandomZoom((-0.05, 0), (-0.05, 0))
    grey = layers.RandomGrayscale(factor=0.1)
    blur = layers.RandomGaussianBlur(factor=1.0, kernel_size=5)
    colour = [layers.RandomBrightness(0.2), layers.RandomContrast(0.2)]
    flip = layers.RandomFlip("horizontal")

    def apply(pictures, share: float, each) -> tf.Tensor:
        some = max(1, round(share * BATCH)) if shares else BATCH
        changed = pictures[:some]
        for layer in each:
            changed = layer(changed, training=True)
        return tf.concat([tf.cast(changed, pictures.dtype), pictures[some:]], axis=0)

    def noise(pictures, training: bool):
        return pictures + tf.random.normal(tf.shape(pictures), stddev=5.5)

    def augment(pictures, names):
        pictures = tf.cast(pictures, tf.float32)
        pictures = apply(pictures, 0.5, affine)
        pictures = zoom(pictures, training=True)
        pictures = grey(pictures, training=True)
        pictures = apply(pictures, 0.07, [blur])
        pictures = apply(pictures, 0.07, [noise])
        pictures = apply(pictures, 0.5, colour)
        pictures = apply(pictures, 0.2, [flip])  # half of these are mirrored
        return tf.cast(tf.clip_by_value(pictures, 0, 255), tf.uint8), names

    decoded = tf_decode_batches(files, workers).take(batches + 1)
    return finished(decoded.map(augment, num_parallel_calls=workers, deterministic=True))


def summarise(rates: dict[str, list[float]]) -> dict[str, dict]:
    """Of each pipeline the median rate, its ratio to decoding, and every round."""
    return {
        name: {
            "images_per_second": round(statistics.median(values), 1),
            "of_decoding": round(
                statistics.median(
                    value / whole for value, whole in zip(values, rates["decode"], strict=True)
                ),
                3,
            ),
            "train_is_times": round(
                statistics.median(
                    ours / value for ours, value in zip(rates["train"], values, strict=True)
                ),
                2,
            ),
            "rounds": [round(value, 1) for value in values],
        }
        for name, values in rates.items()
    }


def show(figures: dict[str, dict]) -> None:
    for workers, rows in figures.items():
        print(f"\n{workers:52}{'img/s':>8}{'of decoding':>13}{'ours is ×':>11}")
        for name, row in rows.items():
            print(
                f"{ROWS[name]:52}{row['images_per_second']:8.0f}{row['of_decoding']:13.2f}"
                f"{row['train_is_times']:11.2f}"
            )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("output/bench_input"), metavar="DIR")
    parser.add_argument("--torch", type=Path, metavar="PYTHON", help="of requirements-torch.txt")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a small pod and two rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.quick:
        args.rounds = 2
        args.output = args.output if args.child else args.output.with_name("bench_input_quick")
    return args


if __name__ == "__main__":
    main()
