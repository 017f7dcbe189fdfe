"""How fast photographs become TFRecords, how close to a full decode, and what a kill does.

    python benchmarks/writing.py --json writing.json
    python benchmarks/writing.py --quick
    python benchmarks/writing.py --only speed

Photographs of 3,600×2,400 drawn by the synthetic pod, saved at about 1, 2 and 7 MB (4:2:0; with
film grain where the pod is too smooth for so large a file), their fullbody crops written at 768 px.

speed   ours beside the original's way (imread, slice, resize, imwrite), which runs once as its
        notebook has it, one photograph after another, and once on as many threads as ours;
        beside both the floor, the entropy decoding of whole files (an eighth of the size, grey,
        nothing written).
        Ours also with the content hashes that a first run takes of every photograph
pixels  mean absolute difference, in grey levels, from a full decode and cv2's INTER_AREA
memory  largest resident size of a process that writes 1,000, and 10,000 photographs
kill    a writer killed at random moments and started again, beside one left in peace, by checksum
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import redirect_stderr
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import cv2
import numpy as np

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.cores import usable_cores

SIZE = 768
MEGABYTES = (1, 2, 7)
COPIES = 4  # of each photograph in a round of `speed`, so that starting up does not count
PARTS = ("speed", "pixels", "memory", "kill")


def main() -> None:
    args = parse()
    if args.child:
        write_many(args.output, args.child)
        return
    photographs = draw_photographs(args)
    figures = {}
    if "speed" in args.only:
        figures["speed"] = {f"{mb} MB": speed(args, photographs[mb]) for mb in MEGABYTES}
    if "pixels" in args.only:
        figures["pixels"] = {f"{mb} MB": pixels(photographs[mb]) for mb in MEGABYTES}
    if "memory" in args.only:
        figures["memory"] = memory(args)
    if "kill" in args.only:
        figures["kill"] = kill(args)
    show(figures)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


# --- photographs ----------------------------------------------------------------------------------


def draw_photographs(args: argparse.Namespace) -> dict[int, list[tuple[Path, Box]]]:
    """Files of each size with their fullbody boxes, kept in the output folder."""
    args.output.mkdir(parents=True, exist_ok=True)
    table = args.output / f"photographs_{args.photographs}.json"
    if not table.is_file():
        with ThreadPoolExecutor(usable_cores()) as pool:
            found = list(pool.map(lambda job: draw_one(args.output, job), range(args.photographs)))
        table.write_text(json.dumps(found))
    found = json.loads(table.read_text())
    return {
        mb: [(args.output / names[str(mb)], Box(*box)) for names, box in found] for mb in MEGABYTES
    }


def draw_one(folder: Path, job: int) -> tuple[dict[str, str], list[int]]:
    from tf_happywhale.catalogue.boxes.box import pixels_touched
    from tf_happywhale.catalogue.pod.drawn_photograph import draw_photograph
    from tf_happywhale.catalogue.pod.population import (
        draw_population,
        pod_fin,
    )

    plan = draw_population(3, 40, 1, 1, 3, 1)
    fin = pod_fin(plan, 3, plan.photographs[job].individual)
    picture, boxes = draw_photograph(
        fin, seed=[3, 3, job], width=3600, height=2400, with_animal=True
    )
    box = pixels_touched(*boxes["fullbody"])
    names = {}
    for mb in MEGABYTES:
        names[str(mb)] = f"{job:03d}_{mb}MB.jpg"
        (folder / names[str(mb)]).write_bytes(save_at(picture[..., ::-1], mb, job))
    return names, [box.xmin, box.ymin, box.xmax, box.ymax]


def save_at(picture: np.ndarray, megabytes: float, seed: int) -> bytes:
    """JPEG bytes of about that size: by quality, and by grain where quality does not suffice."""
    grain, rng = 0.0, np.random.default_rng([seed, 9])
    noise = rng.standard_normal(picture.shape, np.float32)
    while True:
        grained = np.clip(picture + grain * noise, 0, 255).astype(np.uint8)
        low, high = 40, 98  # of quality
        while low < high:
            quality = (low + high + 1) // 2
            size = cv2.imencode(".jpg", grained, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].size
            low, high = (quality, high) if size <= megabytes * 1e6 else (low, quality - 1)
        encoded = cv2.imencode(".jpg", grained, [cv2.IMWRITE_JPEG_QUALITY, low])[1]
        if encoded.size > 0.85e6 * megabytes:
            return encoded.tobytes()
        grain += 1.5


# --- speed and pixels -----------------------------------------------------------------------------


def speed(args: argparse.Namespace, photographs: list[tuple[Path, Box]]) -> dict:
    """Milliseconds a photograph of each way, medians over the rounds, and ours beside them."""
    crops = args.output / "crops"
    crops.mkdir(exist_ok=True)
    photographs = photographs * COPIES
    ways = {
        "ours": lambda: timed_ours(args.output / "records", photographs),
        "ours, hashed first": lambda: timed_hashed(args.output / "records", photographs),
        "original": lambda: other.submit(timed_original, photographs, crops, 1).result(),
        "original on all cores": lambda: other.submit(
            timed_original, photographs, crops, usable_cores()
        ).result(),
        "floor": lambda: other.submit(timed_floor, photographs, usable_cores()).result(),
    }
    rounds: dict[str, list[float]] = {name: [] for name in ways}
    # In a process of their own, which our package has not set up.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        for number in range(args.rounds + 1):
            for name, way in ways.items():
                seconds = way()
                if number:  # the first round warms up
                    rounds[name].append(seconds)
    size = statistics.mean(path.stat().st_size for path, _ in photographs) / 1e6

    def times(name: str) -> float:
        pairs = zip(rounds[name], rounds["ours"], strict=True)
        return round(statistics.median(theirs / ours for theirs, ours in pairs), 2)

    return {
        "megabytes": round(size, 2),
        "milliseconds": {
            name: round(statistics.median(values) / len(photographs) * 1e3, 1)
            for name, values in rounds.items()
        },
        "original is times ours": times("original"),
        "original on all cores is times ours": times("original on all cores"),
        "hashing makes ours times as long": times("ours, hashed first"),
        "ours is times the floor": round(1 / times("floor"), 2),
        "rounds": rounds,
    }


def timed_ours(folder: Path, photographs: list[tuple[Path, Box]]) -> float:
    started = time.perf_counter()
    write(folder, photographs)
    return time.perf_counter() - started


def timed_hashed(folder: Path, photographs: list[tuple[Path, Box]]) -> float:
    """The same with what the command does before: the content hash of photographs never seen."""
    from tf_happywhale.disk.hashes import ContentHashes

    started = time.perf_counter()

    def content(path: Path) -> str:  # remembers nothing: copies stand for further photographs
        return ContentHashes(folder / "none")(path)

    with ThreadPoolExecutor(usable_cores()) as pool:
        list(pool.map(content, [path for path, _ in photographs]))
    return time.perf_counter() - started + timed_ours(folder, photographs)


def timed_original(photographs: list[tuple[Path, Box]], crops: Path, threads: int) -> float:
    """As its notebook does it; on one thread OpenCV may use the other cores itself."""

    def crop(photograph: tuple[Path, Box]) -> None:
        path, box = photograph
        picture = cv2.imread(str(path))
        part = picture[box.ymin : box.ymax, box.xmin : box.xmax]
        cv2.imwrite(str(crops / path.name), cv2.resize(part, (SIZE, SIZE)))

    return timed(crop, photographs, threads)


def timed_floor(photographs: list[tuple[Path, Box]], threads: int) -> float:
    """Little more than the entropy decoding of whole files."""
    return timed(
        lambda photograph: cv2.imread(str(photograph[0]), cv2.IMREAD_REDUCED_GRAYSCALE_8),
        photographs,
        threads,
    )


def timed(work: Callable, photographs: list[tuple[Path, Box]], threads: int) -> float:
    cv2.setNumThreads(usable_cores() if threads == 1 else 0)
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, photographs))
    return time.perf_counter() - started


def write(folder: Path, photographs: list[tuple[Path, Box]]) -> None:
    """Our writer on these photographs, into an empty folder."""
    from tf_happywhale.records.plan import CropFormat, RecordsPlan, SourcePhotograph
    from tf_happywhale.records.writer import write_records

    shutil.rmtree(folder, ignore_errors=True)
    entries = [
        SourcePhotograph(
            f"{n}_{path.name}", path, "train", n % 5, n, 0, {"fullbody": box}, path.name
        )
        for n, (path, box) in enumerate(photographs)
    ]
    plan = RecordsPlan(folder, "pod", entries, CropFormat(SIZE, 95, ("fullbody",)), [])
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        write_records(plan, shard_images=512, made_by={})


def pixels(photographs: list[tuple[Path, Box]]) -> dict:
    """How far our crops are from a full decode, and how far a plain resize of one would be."""
    from tf_happywhale.pictures.jpeg_region import read_crops
    from tf_happywhale.pictures.pixels import crop, read_picture

    ours, plain, reduced = [], [], []
    for path, box in photographs:
        whole = crop(read_picture(path), box)
        for size, found in ((SIZE, ours), (256, reduced)):
            reference = cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA).astype(int)
            (mine,) = read_crops(path.read_bytes(), [box], size)
            found.append(np.abs(mine - reference).mean())
            if size == SIZE:
                plain.append(np.abs(cv2.resize(whole, (size, size)) - reference).mean())
    return {
        "ours": round(float(np.mean(ours)), 3),
        "largest of ours": round(float(np.max(ours)), 3),
        "at 256 pixels, from a reduced decode": round(float(np.mean(reduced)), 3),
        "a full decode and cv2.resize": round(float(np.mean(plain)), 3),
    }


# --- memory and kill ------------------------------------------------------------------------------


def memory(args: argparse.Namespace) -> dict[str, float]:
    """Largest resident megabytes of a process that writes so many photographs."""
    found = {}
    for count in args.counts:
        command = [sys.executable, __file__, "--child", str(count), "--output", str(args.output)]
        command += ["--photographs", str(args.photographs)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[f"{count} photographs"] = float(done.stdout.splitlines()[-1])
    few, many = found.values()
    return {**found, "many is times few": round(many / few, 3)}


def write_many(output: Path, count: int) -> None:
    table = next(iter(sorted(output.glob("photographs_*.json"))))
    photographs = [(output / names["1"], Box(*box)) for names, box in json.loads(table.read_text())]
    write(output / "many", photographs * (count // len(photographs)))
    shutil.rmtree(output / "many")
    # Not `getrusage`, which counts what the process was before it became this command.
    status = Path("/proc/self/status").read_text()
    print(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024)


def kill(args: argparse.Namespace) -> dict:
    """Kill the command at random moments until it has been hit so many times while it wrote, let it
    finish, and compare all its files."""
    pod = ["pod.individuals=60", "pod.width=600", "pod.height=400", "seed=11"]
    common = [f"output={args.output / 'kill'}", *pod, f"image_size={SIZE}"]
    common += ["records.shard_images=16"]

    home = args.output / "kill" / "records"
    command = [sys.executable, "-m", "tf_happywhale.tfrecords", "write", *common]
    command += [f"records.dir={home}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, check=True, **quiet)  # draws the pod
    shutil.rmtree(home)
    started = time.perf_counter()
    subprocess.run(command, check=True, **quiet)
    whole, peace = time.perf_counter() - started, checksums(home)
    shutil.rmtree(home)
    rng, shards = random.Random(args.seed), []
    while len(shards) < args.kills:
        process = subprocess.Popen(command, **quiet)
        try:
            process.wait(timeout=rng.uniform(0, whole))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if list(home.rglob("COMPLETE")):
            shutil.rmtree(home)  # it had finished: start over
        elif home.is_dir():  # else it had not begun
            shards.append(len(list(home.rglob("*.tfrec"))))
    subprocess.run(command, check=True, **quiet)
    return {
        "kills": len(shards),
        "shards there when killed": shards,
        "files": len(peace),
        "the same files, byte for byte": checksums(home) == peace,
    }


def checksums(home: Path) -> dict[str, str]:
    """Hash of every file below a folder, hidden ones too."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


# --- the table ------------------------------------------------------------------------------------


def show(figures: dict) -> None:
    for part, rows in figures.items():
        print(f"\n{part}")
        for name, row in rows.items():
            if isinstance(row, dict):
                row = ", ".join(f"{key}: {value}" for key, value in row.items() if key != "rounds")
            print(f"  {name:32} {row}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("output/bench_writing"), metavar="DIR")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photographs", type=int, default=20, help="drawn, each in three sizes")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--quick", action="store_true", help="fewer of everything")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.counts = (1000, 10000)
    if args.quick:
        args.rounds, args.photographs, args.kills, args.counts = 1, 4, 2, (40, 200)
    return args


if __name__ == "__main__":
    main()
