"""Galleries of millions of images: exact search, the index, and faiss alone.

    python benchmarks/large_gallery.py [--images 1e6 1e7] [--folder DIR] [--json FILE] [--lancedb]

A gallery of so many embeddings of 512 is drawn (`drawn_gallery.py`). Then, each in a process of its
own:

    exact        open the gallery, ask 100 queries together, and some alone
    index        `gallery index`
    asked        open it by its index; the same queries, beside the exact answers
    faiss alone  the same index without its gallery
    faiss flat   IndexFlatIP, if the embeddings fit in memory
    add          10,000 images to the gallery and to its index; the same queries again

Straight lines through two sizes promise the figures of 100 million. `--lancedb` asks that store
too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from asked_gallery import recall, times
from drawn_gallery import ABOUT, asked_of, herd, ids_of, make, names_of, size_gb
from gallery_peers import faiss_alone, faiss_flat, lancedb
from own_memory import OwnMemory
from retrieval import peak_gb

ADDED = 10_000
LINES = ("seconds", "whole_cpu_s", "disk_gb", "open_s", "together_s", "together_cpu_s",
         "alone_p50_s", "alone_cpu_s", "peak_gb", "own_gb")  # fmt: skip


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
