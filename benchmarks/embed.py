"""Embedding on a CPU: Keras, OpenVINO and ONNX Runtime beside timm on PyTorch and stock Keras.

The same network (EfficientNet-B0, GeM, BatchNorm, Dense 512, random weights) and the same pictures,
in a process of its own for each figure, engines in turn; medians of the runs. Two rows: pictures in
memory, and photographs from files (JPEG, decoded, cropped whole, squashed) to embeddings. The
cosine is the lowest of any picture's embedding with Keras'. The memory is the most that a process
held. With --published, the network is a published model's, in its own size, and the peer is timm's
network with the same pooling, as the publisher's package builds it. There are no cosines then: a
network of that depth that was never trained makes other embeddings of the least rounding. Where
OpenVINO misses what is wanted of it the command ends with status 1; --quick looks at the cosines
only.

    python benchmarks/embed.py --json embed.json
    python benchmarks/embed.py --published anydorsal --batch 2 --photographs 8
    python benchmarks/embed.py --published miewid_msv3 --batch 8 --photographs 64
    python benchmarks/embed.py --quick
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from wanted import Wanted, judge

ENGINES = (
    "keras", "openvino", "openvino bfloat16", "onnx", "torch", "torch bfloat16", "stock keras",
)  # fmt: skip
PEERS = {"torch": 2.5, "keras": 1.5}  # how many times as many images a second OpenVINO shall embed
COSINES = {"openvino": 0.9999, "openvino bfloat16": 0.999, "onnx": 0.9999}
OURS = "openvino bfloat16"
PUBLISHED_PEERS = {"torch": 2.5, "torch bfloat16": 1.5}  # the same, of OURS and a published model
PHOTOGRAPH = (1200, 800)


def engines(published: str | None) -> tuple[str, ...]:
    """The engines to compare: a published model is neither exported to ONNX nor stock Keras'."""
    return tuple(each for each in ENGINES if not published or each not in ("onnx", "stock keras"))


def make(folder: Path, args: argparse.Namespace) -> None:
    """A run folder with a model, and photographs of smooth noise."""
    import cv2

    make_model(folder, args)
    (folder / "photographs").mkdir()
    rng = np.random.default_rng(0)
    width, height = PHOTOGRAPH
    for n in range(args.photographs):
        coarse = rng.integers(0, 256, (24, 36, 3), np.uint8)
        picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / "photographs" / f"{n:04d}.jpg"), picture)


def make_model(folder: Path, args: argparse.Namespace) -> None:
    """The network with random weights, for Keras and for the engines."""
    import keras

    from tf_happywhale.config import Model
    from tf_happywhale.inference.engines.conversion import convert
    from tf_happywhale.inference.engines.runtimes import FILES
    from tf_happywhale.models.embedder import build_embedder
    from tf_happywhale.models.published_models.convert import build_published
    from tf_happywhale.models.published_models.table import PUBLISHED
    from tf_happywhale.run_folders.model_files import save_model

    keras.utils.set_random_seed(0)
    if args.published:
        model = build_published(PUBLISHED[args.published])
    else:
        model = build_embedder(Model(backbone=args.backbone, weights="none", embedding_size=512))
    save_model(folder / "model.keras", model)
    for engine in {"openvino", "onnx"} & {*engines(args.published)}:
        try:
            convert(model, args.size, engine, folder / FILES[engine])
        except Exception as error:  # the table says so and goes on
            print(f"{engine} cannot be converted to: {error}", file=sys.stderr)


def load(engine: str, folder: Path, args: argparse.Namespace) -> Callable[[np.ndarray], np.ndarray]:
    """An engine as a function of pictures uint8 [n, s, s, 3] to embeddings [n, d]."""
    name, _, precision = engine.partition(" ")
    if name == "torch":
        return _torch(args, precision == "bfloat16")
    if name == "stock":
        return _stock_keras(args.backbone)
    from tf_happywhale.inference.engines.runtimes import by_keras, load_engine

    if name == "keras":
        from tf_happywhale.run_folders.model_files import load_model

        return by_keras(load_model(folder / "model.keras"))
    return load_engine(folder, name, precision or "float32")


def _torch(args: argparse.Namespace, bfloat16: bool) -> Callable[[np.ndarray], np.ndarray]:
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    model, mean_std = _torch_published(args.published) if args.published else _torch_ours(args)
    model = model.to(memory_format=torch.channels_last).eval()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in mean_std)

    @torch.inference_mode()
    def forward(pictures: np.ndarray) -> np.ndarray:
        batch = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 - mean) / std
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return model(batch).float().numpy()

    return forward


def _torch_ours(args: argparse.Namespace) -> tuple:
    """The network that is trained here, and the mean and deviation of its pixels."""
    import timm
    from original_torch import GeM
    from torch import nn

    from tf_happywhale.models.backbones.variants import VARIANTS

    variant = VARIANTS[args.backbone]
    network = timm.create_model(variant.timm, num_classes=0, global_pool="")
    width = network.num_features
    model = nn.Sequential(network, GeM(), nn.BatchNorm1d(width), nn.Linear(width, 512))
    return model, variant.mean_std


def _torch_published(name: str) -> tuple:
    """A published model's network, as its publisher builds it of timm's."""
    import timm
    from original_torch import GeM
    from torch import nn

    from tf_happywhale.models.published_models.table import PUBLISHED

    published = PUBLISHED[name]
    if published.pooling == "gem":
        network = timm.create_model(published.network, num_classes=0, global_pool="")
        model = nn.Sequential(network, GeM(), nn.BatchNorm1d(published.embedding))
    else:
        model = timm.create_model(published.network, num_classes=0)
    return model, published.mean_std


def _stock_keras(backbone: str) -> Callable[[np.ndarray], np.ndarray]:
    """The network of `keras.applications` in place of ours."""
    import keras

    from tf_happywhale.inference.engines.runtimes import by_keras
    from tf_happywhale.models.layers.gem import GeM

    network = getattr(keras.applications, f"EfficientNet{backbone.upper()}")
    network = network(include_top=False, weights=None, input_shape=(None, None, 3))
    x = keras.layers.BatchNormalization()(GeM(3)(network.output))
    return by_keras(keras.Model(network.input, keras.layers.Dense(512)(x)))


def one(engine: str, work: str, folder: Path, args: argparse.Namespace) -> tuple[float, np.ndarray]:
    """Images a second, and the embeddings of the first batch."""
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (args.batch, args.size, args.size, 3), dtype=np.uint8)
    forward = load(engine, folder, args)
    embedding = forward(pictures)
    for _ in range(2):
        forward(pictures)
    if work == "pictures":
        times = []
        while sum(times) < args.seconds or len(times) < 3:
            start = time.perf_counter()
            forward(pictures)
            times.append(time.perf_counter() - start)
        return args.batch / statistics.median(times), embedding
    files = sorted((folder / "photographs").iterdir())
    for batch in _read(files[: args.batch], engine.startswith("torch"), args):
        forward(batch)  # so that no import is timed: whoever reads may need TensorFlow
    start = time.perf_counter()
    for batch in _read(files, engine.startswith("torch"), args):
        forward(batch)
    return len(files) / (time.perf_counter() - start), embedding


def _read(files: list[Path], plainly: bool, args: argparse.Namespace):
    """Batches of crops: as `identify` reads them, or as the original does: decode all, resize."""
    if plainly:
        import cv2

        cv2.setNumThreads(0)

        def read(path: Path) -> np.ndarray:
            picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
            return cv2.resize(picture, (args.size, args.size))
    else:
        from tf_happywhale.pictures.jpeg_region import read_crops

        def read(path: Path) -> np.ndarray:
            smooth = args.published is not None  # as the model was trained
            return read_crops(path.read_bytes(), [None], args.size, smooth=smooth)[0]

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        starts = range(0, len(files) - args.batch + 1, args.batch)
        ahead = [workers.submit(read, file) for file in files[: args.batch]]
        for start in starts:
            following = files[start + args.batch : start + 2 * args.batch]
            later = [workers.submit(read, file) for file in following]
            yield np.stack([future.result() for future in ahead])
            ahead = later


def measure(engine: str, work: str, folder: Path, args: argparse.Namespace) -> tuple[float, float]:
    """Images a second and the most memory held, GB, of a process of its own; NaN where the engine
    is not there."""
    command = [sys.executable, __file__, "--one", engine, work, str(folder), *setting(args)]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        print(f"{engine}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return math.nan, math.nan
    speed, memory = done.stdout.split()[-2:]
    return float(speed), float(memory)


def main() -> None:
    """Measure all and print the table."""
    args = arguments()
    if args.make:
        make(args.make, args)
        return
    if args.one:
        engine, work, folder = args.one
        speed, embedding = one(engine, work, Path(folder), args)
        np.save(Path(folder) / f"{engine}.npy", embedding)
        print(speed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from tf_happywhale.disk.files import write_json
    from tf_happywhale.inference.engines.conversion import least_cosine

    names = engines(args.published)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "--make", name, *setting(args)], check=True)
        speeds: dict = {work: {engine: [] for engine in names} for work in ("pictures", "files")}
        memory: dict = dict.fromkeys(names, 0.0)
        for _ in range(args.runs):
            for work, found in speeds.items():
                for engine in names:
                    speed, held = measure(engine, work, folder, args)
                    found[engine].append(speed)
                    memory[engine] = max(memory[engine], held)
                    print(f"{engine}, {work}: {speed:.3f} images a second", file=sys.stderr)
        reference = np.load(folder / "keras.npy")
        cosine = {
            engine: least_cosine(np.load(folder / f"{engine}.npy"), reference)
            for engine in names
            if not args.published
            and engine in ("keras", *COSINES)
            and (folder / f"{engine}.npy").is_file()
        }
    medians = {w: {e: statistics.median(v) for e, v in f.items()} for w, f in speeds.items()}
    show(medians, memory, cosine, args)
    if args.json:
        found = {"images_per_second": speeds, "memory_gb": memory, "cosine": cosine}
        write_json(args.json, {"setting": setting(args), "runs": args.runs, **found})
    rows = (
        wanted_published(medians["pictures"], memory)
        if args.published
        else wanted(medians["pictures"], cosine, speed=not args.quick)
    )
    sys.exit(judge(rows))


def arguments() -> argparse.Namespace:
    """The command line's words; a published model has its own size of pictures."""
    from tf_happywhale.models.published_models.table import PUBLISHED

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backbone", default="b0")
    parser.add_argument("--published", choices=PUBLISHED, help="a published model in its place")
    parser.add_argument("--size", type=int, help="side of the pictures, pixels (256)")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--photographs", type=int, default=320)
    parser.add_argument("--runs", type=int, default=3, help="processes for each figure")
    parser.add_argument("--seconds", type=float, default=8, help="timed in each process")
    parser.add_argument("--quick", action="store_true", help="128 px, one short run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    published = PUBLISHED.get(args.published)
    if published and published.fixed and (args.quick or args.size not in (None, published.size)):
        parser.error(
            f"{published.name} sees pictures of {published.size} pixels only: leave --size and "
            "--quick out."
        )
    if args.quick:
        args.size, args.photographs, args.runs, args.seconds = 128, 32, 1, 1
    if args.size is None and args.published:
        args.size = PUBLISHED[args.published].size
    args.size = args.size or 256
    return args


def setting(args: argparse.Namespace) -> list[str]:
    """What a process of its own must know, as words of its command."""
    names = ("backbone", "published", "size", "batch", "photographs", "seconds")
    given = {name: getattr(args, name) for name in names}
    return [f"--{name}={value}" for name, value in given.items() if value is not None]


def show(medians: dict, memory: dict, cosine: dict[str, float], args: argparse.Namespace) -> None:
    """The table; `keras` is TensorFlow's."""
    name = args.published or args.backbone
    print(f"{name} at {args.size} px, batch {args.batch}, images a second")
    print(f"{'':18}" + "".join(f"{work:>10}{'of torch':>10}{'of keras':>10}" for work in medians)
          + f"{'GB':>8}" + f"{'cosine':>12}" * bool(cosine))  # fmt: skip
    for engine, held in memory.items():
        row = f"{engine:18}"
        for found in medians.values():
            mine = found[engine]
            row += f"{mine:10.3g}{mine / found['torch']:10.2f}{mine / found['keras']:10.2f}"
        row += f"{held:8.2f}"
        print(row + (f"{cosine[engine]:12.7f}" if engine in cosine else ""))


def wanted(speed_of: dict[str, float], cosine: dict[str, float], *, speed: bool) -> list[Wanted]:
    """What OpenVINO shall reach in both precisions."""
    rows = [
        Wanted(f"{engine} ÷ {peer}", speed_of[engine] / speed_of[peer], least)
        for engine in ("openvino", "openvino bfloat16")
        for peer, least in PEERS.items()
        if speed
    ]
    rows += [
        Wanted(f"lowest cosine of {engine} with keras", cosine.get(engine, math.nan), least)
        for engine, least in COSINES.items()
    ]
    return rows


def wanted_published(speed_of: dict[str, float], memory: dict[str, float]) -> list[Wanted]:
    """What OpenVINO in bfloat16 shall reach beside a published model's own PyTorch."""
    rows = [
        Wanted(f"{OURS} ÷ {peer}", speed_of[OURS] / speed_of[peer], least)
        for peer, least in PUBLISHED_PEERS.items()
    ]
    return rows + [
        Wanted(f"memory of {OURS} ÷ {peer}", memory[OURS] / memory[peer], 1, most=True)
        for peer in PUBLISHED_PEERS
    ]


if __name__ == "__main__":
    main()
