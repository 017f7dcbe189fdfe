"""Ranking by the workers of Apache Beam at Happywhale's size, beside one machine's ranking.

    .venv-beam/bin/python benchmarks/beam.py [--quick] [--json FILE] [--folder DIR] [--workers N]

The embeddings are those of benchmarks/retrieval.py: 27,956 queries, 51,033 images, nine models of
512. They are ranked on this machine alone, then by N processes of Beam's DirectRunner. While these
are at work one of them is killed, and later the whole command, which is then given again and
resumes. Then the five ids of every query are compared. Beam's processes share this machine's cores,
so they cannot be faster than it: what is measured is that the answer is the same, and what dealing
the work out costs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import retrieval
from beam_processes import worker_processes

SIZES = {"full": (8192, 16384, 1e12), "quick": (100, 300, 5e8)}  # queries, images, worth it from


def rank(folder: Path, options: list[str], size: str) -> None:
    """Rank, from the embeddings files to five ids for each query.

    Args:
        folder: of the embeddings, and of what is found.
        options: of Beam; none: this process ranks alone.
        size: a key of `SIZES`.
    """
    from contextlib import nullcontext

    from tf_happywhale.cli import run_safely
    from tf_happywhale.config import Rank
    from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
    from tf_happywhale.retrieval.ranking.ranking import rank_queries
    from tf_happywhale.retrieval.search import on_beam, parts
    from tf_happywhale.retrieval.search.candidates import searched_by

    parts.QUERIES, parts.IMAGES, on_beam.WORTH = SIZES[size]
    by_workers = on_beam.search_on_beam(folder / "searches", options)

    def work() -> None:
        known, asked, ids, folds = retrieval.load(folder)
        gallery = LabelledGallery(known, ids, folds)
        with searched_by(by_workers) if options else nullcontext():
            ranking = rank_queries(gallery, asked, [1.0] * len(known.members), Rank())
        found = ranking.candidates
        np.savez(
            folder / ("beam.npz" if options else "alone.npz"),
            five=np.array(ranking.ids()),
            score=found.score,
            reference=found.reference,
            p_new=ranking.p_new,
        )

    run_safely(work)


def started(folder: Path, size: str, options: list[str]) -> subprocess.Popen:
    """The ranking in a process of its own."""
    command = [sys.executable, __file__, "--task", size, "--folder", str(folder), *options]
    return subprocess.Popen(command)


def timed(process: subprocess.Popen) -> float:
    """Seconds until a process has ended as it should."""
    began = time.perf_counter()
    if process.wait():
        sys.exit(f"the ranking ended with status {process.returncode}")
    return time.perf_counter() - began


def kill_at(process: subprocess.Popen, searches: Path, parts: int, whole: bool) -> int:
    """Kill a worker, or the whole command, when so many parts are done; return how many are."""
    while len(list(searches.glob("*/q*.npz"))) < parts:
        if process.poll() is not None:
            sys.exit("the ranking ended before anything could be killed")
        time.sleep(0.05)
    os.kill(process.pid if whole else worker_processes(process.pid)[0], signal.SIGKILL)
    return len(list(searches.glob("*/q*.npz")))


def compare(folder: Path) -> dict:
    """How many queries have the same answers by both."""
    with np.load(folder / "alone.npz") as alone, np.load(folder / "beam.npz") as beam:
        return {
            "queries": len(alone["five"]),
            "same_five": int((alone["five"] == beam["five"]).all(axis=1).sum()),
            "same_images": int((alone["reference"] == beam["reference"]).all(axis=1).sum()),
            "largest_difference": float(np.abs(alone["score"] - beam["score"]).max()),
            "largest_difference_p_new": float(np.abs(alone["p_new"] - beam["p_new"]).max()),
        }


def main() -> None:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small version, a minute")
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--folder", type=Path, help="where the embeddings are, or are to be made")
    parser.add_argument("--workers", type=int, default=2, help="processes of the DirectRunner")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments, options = parser.parse_known_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if arguments.task:
        rank(arguments.folder, options, arguments.task)
    size = "quick" if arguments.quick else "full"
    options = ["--runner=DirectRunner", "--direct_running_mode=multi_processing",
               f"--direct_num_workers={arguments.workers}"]  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if not (folder / "folds.json").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            retrieval.write_files(folder, retrieval.QUICK if arguments.quick else retrieval.FULL)
        found = {"workers": arguments.workers, "load": os.getloadavg()}
        found["seconds_alone"] = timed(started(folder, size, []))
        searches = folder / "searches"
        process = started(folder, size, options)
        found["parts_done_when_a_worker_was_killed"] = kill_at(process, searches, 3, False)
        found["parts_done_when_the_command_was_killed"] = kill_at(process, searches, 6, True)
        process.wait()
        found["seconds_resumed"] = timed(started(folder, size, options))
        found |= compare(folder)
        found["parts"] = len(list(searches.glob("*/q*.npz")))
        for part in searches.glob("*/q*.npz"):
            part.unlink()
        found["seconds_beam"] = timed(started(folder, size, options))
        found |= compare(folder)
    print(json.dumps(found, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    if found["same_five"] < found["queries"]:
        sys.exit("the five ids differ")


if __name__ == "__main__":
    main()
