"""Galleries of millions of images: exact search, the index, and faiss alone.

    python benchmarks/large_gallery.py [--images 1e6 1e7] [--folder DIR] [--json FILE] [--lancedb]

A gallery is written of so many embeddings of 512, as `gallery build` would: Happywhale's numbers
of images of each individual, again and again. Each embedding is its individual's centre and noise.
Both have a spectrum that falls as a trained network's may (118 of the 512 components count, by the
participation ratio). The noise is such that the exact search's first individual is the right one
for about three queries of four among a million images. Then, each in a process of its own:

    exact        open the gallery, ask 100 queries together, and some alone
    index        `gallery index`
    asked        open it by its index; the same queries, beside the exact answers
    faiss alone  the same index without its gallery
    faiss flat   IndexFlatIP, if the embeddings fit in memory
    add          10,000 images to the gallery and to its index; the same queries again

Two sizes give straight lines, from which 100 million are said. `--lancedb` asks that store too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from own_memory import OwnMemory
from retrieval import FULL, image_counts, peak_gb

WIDTH, NOISE = 512, 1.3
SPECTRUM = (1 + np.arange(WIDTH) / 24) ** -0.75
SPECTRUM = (SPECTRUM / np.linalg.norm(SPECTRUM)).astype(np.float32)
QUERIES, TOGETHER, ADDED = 200, 100, 10_000
LINES = ("seconds", "whole_cpu_s", "disk_gb", "open_s", "together_s", "together_cpu_s",
         "alone_p50_s", "alone_cpu_s", "peak_gb", "own_gb")  # fmt: skip
FLAT = 2_000_000  # images: IndexFlatIP has all of them in memory
ABOUT = {"model": "drawn", "source": "fin", "view": "original", "preprocess": "squashed to 512"}
COUNTS = image_counts(FULL["images"], FULL["individuals"])
HERD = int(COUNTS.sum())  # images that are drawn together


def herd(number: int, queries: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The images of one herd, always the same: embeddings, and who is in them; and queries."""
    rng = np.random.default_rng(number)
    who = np.repeat(np.arange(len(COUNTS)), COUNTS)
    rng.shuffle(who)
    centres = rng.standard_normal((len(COUNTS), WIDTH), np.float32)

    def seen(whom: np.ndarray) -> np.ndarray:
        noise = rng.standard_normal((len(whom), WIDTH), np.float32)
        return (centres[whom] + np.float32(NOISE) * noise) * SPECTRUM

    images = seen(who)
    whom = rng.choice(who, queries)
    return images, who, seen(whom), whom


def ids_of(number: int, who: np.ndarray) -> np.ndarray:
    """The individuals of a herd as text."""
    return np.array([f"{number:05d}-{n:05d}" for n in who], "U11")


def names_of(first: int, count: int) -> np.ndarray:
    """Names of images."""
    return np.array([f"{n:09d}.jpg" for n in range(first, first + count)], "U13")


def make(folder: Path, images: int) -> dict:
    """A gallery of one file, written as it is drawn, and the queries."""
    from tf_happywhale.disk.npz import aligned

    herds = -(-images // HERD)
    entry = {"descr": "<f4", "fortran_order": False, "shape": (images, WIDTH)}
    gallery, extra, ids, left = folder / "gallery", [], [], images
    shutil.rmtree(folder, ignore_errors=True)  # what a stopped run has left
    gallery.mkdir(parents=True)
    with zipfile.ZipFile(gallery / "part-00000.npz", "w") as archive:
        with archive.open(aligned(archive, "embedding"), "w", force_zip64=True) as file:
            np.lib.format.write_array_header_1_0(file, entry)
            for number in range(herds):
                asked = QUERIES // herds + (number < QUERIES % herds)
                rows, who, queries, whom = herd(number, asked)
                file.write(np.ascontiguousarray(rows[:left]).data)
                ids.append(ids_of(number, who[:left]))
                extra.append((queries, ids_of(number, whom)))
                left -= len(rows)
        arrays = {"image": names_of(0, images), "individual_id": np.concatenate(ids)}
        arrays |= {"centre": np.zeros((0, 0), np.float32), "centre_id": np.zeros(0, "U1")}
        for name, array in (arrays | {key: np.array(word) for key, word in ABOUT.items()}).items():
            with archive.open(aligned(archive, name), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    (gallery / "gallery.json").write_text(json.dumps({"schema": 1, "about": ABOUT}))
    queries, whom = (np.concatenate(column) for column in zip(*extra, strict=True))
    np.savez(folder / "queries.npz", embedding=queries, individual_id=whom)
    return {"disk_gb": size_gb(gallery)}


def size_gb(folder: Path) -> float:
    """Bytes of all files."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9


def asked_of(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The queries, and who is in them."""
    with np.load(folder / "queries.npz") as file:
        return file["embedding"], file["individual_id"]


def times(ask, queries: np.ndarray, alone: int) -> dict:
    """Seconds of queries asked together, and of some asked alone; and of all cores together, which
    other work on the machine hardly changes."""
    ask(queries[:1])
    started, worked = time.perf_counter(), time.process_time()
    ask(queries[:TOGETHER])
    together, together_cpu = time.perf_counter() - started, time.process_time() - worked
    seconds, worked = [], time.process_time()
    for n in range(alone):
        started = time.perf_counter()
        ask(queries[n : n + 1])
        seconds.append(time.perf_counter() - started)
    return {
        "together_s": together,
        "together_cpu_s": together_cpu,
        "alone_p50_s": statistics.median(seconds),
        "alone_p99_s": float(np.quantile(seconds, 0.99)),
        "alone_cpu_s": (time.process_time() - worked) / alone,
        "alone": alone,
    }


def recall(folder: Path, found: list[list[str]]) -> dict:
    """The share of the exact five individuals, and of the exact first ones, that was found."""
    truth = json.loads((folder / "five.json").read_text())
    whom = asked_of(folder)[1].tolist()
    pairs = list(zip(truth, found, strict=True))
    return {
        "five": statistics.mean(len(set(right) & set(mine)) / len(right) for right, mine in pairs),
        "first": statistics.mean(right[0] == mine[0] if mine else False for right, mine in pairs),
        "right_first": statistics.mean(
            bool(mine) and who == mine[0] for who, mine in zip(whom, found, strict=True)
        ),
    }


def exact(folder: Path) -> dict:
    """Our exact search, as `identify` does it: the gallery is opened, and every image compared."""
    from tf_happywhale.galleries.gallery_folder import open_gallery
    from tf_happywhale.retrieval.search.candidates import rank_individuals

    started = time.perf_counter()
    known = open_gallery(folder / "gallery").images()
    opened = time.perf_counter() - started
    queries, _ = asked_of(folder)

    def ask(some: np.ndarray) -> list[list[str]]:
        found = rank_individuals(some, known.stack(), known.individuals, 5, engine="auto")
        return found.individual_id.tolist()

    five = ask(queries)
    (folder / "five.json").write_text(json.dumps(five))
    measured = times(ask, queries, 3)
    return {"open_s": opened, **measured, **recall(folder, five)}


def index(folder: Path) -> dict:
    """`gallery index`."""
    from tf_happywhale.galleries.index_head import FOLDER, read_head
    from tf_happywhale.galleries.indexing import index_gallery

    started = time.perf_counter()
    index_gallery(folder / "gallery")
    seconds = time.perf_counter() - started
    head = read_head(folder / "gallery")
    home = folder / "gallery" / FOLDER
    said = {"lists": head.lists, "probes": head.probes, "sample": head.recall}
    return {"seconds": seconds, "disk_gb": size_gb(home), **said}


def by_index(folder: Path) -> dict:
    """The gallery asked through its index, as `identify` does it."""
    from tf_happywhale.galleries.search_index import open_search_index
    from tf_happywhale.retrieval.search.candidates import rank_individuals

    started = time.perf_counter()
    gallery = open_search_index(folder / "gallery")
    opened = time.perf_counter() - started

    def ask(some: np.ndarray) -> list[list[str]]:
        known = gallery.shortlist(some, 5)
        found = rank_individuals(some, known.embedding, known.individual_id.tolist(), 5)
        return found.individual_id.tolist()

    queries, _ = asked_of(folder)
    measured = times(ask, queries, 100)
    one_by_one = [ask(queries[n : n + 1])[0] for n in range(len(queries))]
    return {"open_s": opened, **measured, **recall(folder, one_by_one)}


def faiss_alone(folder: Path) -> dict:
    """The same index by faiss itself: 50 images of each query by their compressed embeddings."""
    from tf_happywhale.galleries.search_index import open_search_index
    from tf_happywhale.retrieval.lengths import unit_rows

    gallery = open_search_index(folder / "gallery")
    ids = np.concatenate([part.arrays["individual_id"] for part in gallery.parts.parts])
    import faiss

    def ask(some: np.ndarray) -> list[list[str]]:
        inside = faiss.SearchParametersIVF(nprobe=gallery.head.probes)
        parameters = faiss.SearchParametersPreTransform(index_params=inside)
        found = [
            (score, rows + block.rows.first)
            for block in gallery.blocks
            if block.index is not None
            for score, rows in [block.index.search(unit_rows(some), 50, params=parameters)]
        ]
        score, rows = (np.concatenate(column, axis=1) for column in zip(*found, strict=True))
        return first_five(ids, np.take_along_axis(rows, np.argsort(-score, axis=1), 1))

    queries, _ = asked_of(folder)
    return {**times(ask, queries, 100), **recall(folder, ask(queries))}


def first_five(ids: np.ndarray, rows: np.ndarray) -> list[list[str]]:
    """The first five individuals of images that are in order."""
    return [list(dict.fromkeys(ids[row[row >= 0]].tolist()))[:5] for row in rows]


def faiss_flat(folder: Path) -> dict:
    """faiss' exact search: all embeddings in memory, 50 images of each query."""
    import faiss

    from tf_happywhale.galleries.mapped_parts import map_parts
    from tf_happywhale.retrieval.lengths import unit_rows

    parts = map_parts(folder / "gallery")
    if len(parts) > FLAT:
        return {"skipped": f"{len(parts) * WIDTH * 4 / 1e9:.0f} GB in memory"}
    ids = np.concatenate([part.arrays["individual_id"] for part in parts.parts])
    started = time.perf_counter()
    flat = faiss.IndexFlatIP(WIDTH)
    for start in range(0, len(parts), 2**14):
        flat.add(unit_rows(parts.embeddings(start, min(start + 2**14, len(parts)))))
    opened = time.perf_counter() - started

    def ask(some: np.ndarray) -> list[list[str]]:
        return first_five(ids, flat.search(unit_rows(some), 50)[1])

    queries, _ = asked_of(folder)
    return {"open_s": opened, **times(ask, queries, 20), **recall(folder, ask(queries))}


def lancedb(folder: Path) -> dict:
    """LanceDB: IVF_PQ with its own defaults, its refining by ten times as many rows."""
    import lancedb as store
    import pyarrow as pa

    from tf_happywhale.galleries.mapped_parts import map_parts
    from tf_happywhale.retrieval.lengths import unit_rows

    parts = map_parts(folder / "gallery")
    ids = np.concatenate([part.arrays["individual_id"] for part in parts.parts])
    home = folder / "lancedb"
    shutil.rmtree(home, ignore_errors=True)
    started = time.perf_counter()

    def batches():
        for start in range(0, len(parts), 2**14):
            rows = unit_rows(parts.embeddings(start, min(start + 2**14, len(parts))))
            flat = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), WIDTH)
            numbers = pa.array(np.arange(start, start + len(rows)))
            yield pa.RecordBatch.from_arrays([numbers, flat], schema=schema)

    schema = pa.schema([("row", pa.int64()), ("vector", pa.list_(pa.float32(), WIDTH))])
    table = store.connect(home).create_table("images", batches(), schema=schema)
    table.create_index(metric="cosine", index_type="IVF_PQ")
    built, lists = time.perf_counter() - started, max(1, len(parts) // 8192)

    def ask(some: np.ndarray) -> list[list[str]]:
        answers = []
        for query in unit_rows(some):
            search = table.search(query).metric("cosine").select(["row"]).limit(50)
            found = search.nprobes(max(20, lists // 4)).refine_factor(10).to_arrow()
            answers.append(found["row"].to_numpy())
        return first_five(ids, np.array(answers))

    queries, _ = asked_of(folder)
    measured = {**times(ask, queries, 50), **recall(folder, ask(queries))}
    return {"seconds": built, "disk_gb": size_gb(home), **measured}


def add(folder: Path) -> dict:
    """10,000 images, half of them of individuals that are there, added to gallery and index."""
    from tf_happywhale.galleries.gallery_folder import open_gallery
    from tf_happywhale.galleries.indexing import index_gallery
    from tf_happywhale.retrieval.embeddings import Embeddings

    known, new = herd(0, ADDED // 2), herd(99_999, ADDED // 2)
    rows = np.concatenate([known[2], new[2]])
    ids = np.concatenate([ids_of(0, known[3]), ids_of(99_999, new[3])])
    images = Embeddings(rows, names_of(900_000_000, ADDED), ids, ABOUT)
    started = time.perf_counter()
    gallery = open_gallery(folder / "gallery")
    opened = time.perf_counter() - started
    gallery.append(images)
    appended = time.perf_counter() - started - opened
    del gallery
    waiting = by_index(folder)
    started = time.perf_counter()
    index_gallery(folder / "gallery")
    return {
        "gallery_s": appended,
        "seconds": time.perf_counter() - started,
        "alone_p50_s_before_index": waiting["alone_p50_s"],
        "alone_p50_s": by_index(folder)["alone_p50_s"],
    }


TASKS = {"exact": exact, "index": index, "asked": by_index, "faiss alone": faiss_alone,
         "faiss flat": faiss_flat, "lancedb": lancedb, "add": add}  # fmt: skip


def run_task(name: str, folder: Path, images: int) -> dict:
    """One task in a process of its own."""
    command = [sys.executable, __file__, "--task", name, "--folder", str(folder)]
    command += ["--images", str(images)]
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"failed": " ".join(done.stderr.strip().splitlines()[-1:])}
    found = json.loads(done.stdout.strip().splitlines()[-1])
    whole, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**found, "load": os.getloadavg()[0], "whole_s": whole, "whole_cpu_s": cpu}


def line(sizes: list[int], values: list[float], at: float) -> str:
    """A straight line through two sizes, and its value at another."""
    slope, start = np.polyfit(np.array(sizes) / 1e6, values, 1)
    return f"{start:.3g} + {slope:.3g} for each million: {start + slope * at / 1e6:.3g}"


def short(value: object) -> str:
    """A figure as it is printed."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def report(measured: dict[int, dict[str, dict]]) -> None:
    """Every figure, and what two sizes say of 100 million images."""
    for images, tasks in measured.items():
        print(f"\n{images} images")
        for name, found in tasks.items():
            print(f"  {name}: {', '.join(f'{k} {short(v)}' for k, v in found.items())}")
    sizes = sorted(measured)
    if len(sizes) < 2:
        return
    print("\n100 million images, by straight lines through these sizes")
    for task in TASKS:
        for key in LINES:
            values = [measured[size].get(task, {}).get(key) for size in sizes]
            if None not in values:
                print(f"  {task}, {key}: {line(sizes, values, 1e8)}")


def main() -> None:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=float, nargs="+", default=[1e6])
    parser.add_argument("--folder", type=Path, default=Path("output/large_gallery"))
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--lancedb", action="store_true", help="beside this store")
    parser.add_argument("--keep", action="store_true", help="keep the galleries")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if arguments.task:
        images = int(arguments.images[0])
        task = TASKS.get(arguments.task) or (lambda folder: make(folder, images))
        with OwnMemory() as own:
            found = task(arguments.folder)
        print(json.dumps(found | {"peak_gb": peak_gb(), "own_gb": own.gb}))
        return
    measured: dict[int, dict[str, dict]] = {}
    for images in map(int, arguments.images):
        folder = arguments.folder / str(images)
        tasks = [name for name in TASKS if name != "lancedb" or arguments.lancedb]
        made = (folder / "queries.npz").is_file()
        measured[images] = {}
        for name in [*([] if made else ["make"]), *tasks]:
            measured[images][name] = run_task(name, folder, images)
            print(f"{images} {name}: {measured[images][name]}", file=sys.stderr, flush=True)
            if arguments.json:
                arguments.json.write_text(json.dumps(measured, indent=2) + "\n")
        if not arguments.keep:
            shutil.rmtree(folder)
    report(measured)


if __name__ == "__main__":
    main()
