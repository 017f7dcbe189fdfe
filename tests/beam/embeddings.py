"""Embeddings and rankings by each runner are those of one machine; also if a worker is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.beam_processes import worker_processes
from tests.beam.runners import PROCESSES, run, start

EMBEDDINGS = "toy/fold0/embeddings"
RANKINGS = {
    "plain": [],
    "centres, mirrored, two best": [
        "rank.centre_share=0.3", "rank.mirrored=joined", "rank.best_of=2", "rank.new=column",
    ],
}  # fmt: skip


def check(home: Path, runners: dict[str, list[str]]) -> None:
    """Train a small model, embed and rank by this machine and by each runner, and compare."""
    here = home / "here"
    run("tfrecords", keys(home, here), [])
    run("train", keys(home, here), [])
    outputs = {name: home / name.replace(" ", "-") for name in runners}
    for output in outputs.values():
        shutil.copytree(here, output)
    run("embed", keys(home, here), [])
    shutil.copytree(here, home / "killed")
    for name, options in runners.items():
        run("embed", keys(home, outputs[name]), options)
        same_embeddings(here, outputs[name], name)
    for ranking, more in RANKINGS.items():
        run("rank", [*keys(home, here), *more], [])
        for name, options in runners.items():
            run("rank", [*keys(home, outputs[name]), *more], options)
            same_ranking(here, outputs[name], f"{ranking}, {name}")
    run("rank", keys(home, here), [])
    check_kills(home, here, home / "killed")


def keys(home: Path, output: Path) -> list[str]:
    """The config of a small model; the records are shared."""
    return [
        f"data.root={home / 'pod'}", f"output={output}", f"records.dir={home / 'small'}",
        "name=toy", "records.source=backfin", "records.more_sources=[whole]",
        "records.embed_source=all", "records.shard_images=2", "image_size=32", "data.folds=3",
        "model.weights=none", "model.embedding_size=16", "train.epochs=1", "train.batch_size=8",
        "embed.batch_size=4", "embed.mirrored=true",
    ]  # fmt: skip


def same_embeddings(one: Path, other: Path, name: str) -> None:
    """The embeddings files have the same names in the same order, and the same numbers."""
    largest = 0.0
    for file in ("train", "test", "train-mirrored", "test-mirrored"):
        with (
            np.load(one / EMBEDDINGS / f"{file}.npz") as mine,
            np.load(other / EMBEDDINGS / f"{file}.npz") as theirs,
        ):
            assert mine.files == theirs.files
            for key in mine.files:
                if key != "embedding":
                    np.testing.assert_array_equal(mine[key], theirs[key], err_msg=key)
            off = np.abs(mine["embedding"] - theirs["embedding"]).max()
            assert mine["embedding"].shape == theirs["embedding"].shape and off <= 1e-6, off
            largest = max(largest, float(off))
    left = [path.name for path in (other / EMBEDDINGS).iterdir() if path.suffix != ".npz"]
    assert not left, left
    print(f"embeddings, {name}: same names and order, numbers within {largest:.1e}")


def same_ranking(one: Path, other: Path, name: str) -> None:
    """The ranking's tables are the same, to the last letter."""
    for file in ("predictions.csv", "submission.csv"):
        assert (one / file).read_bytes() == (other / file).read_bytes(), (file, name)
    assert not (other / ".searches").exists()
    print(f"ranking, {name}: predictions.csv and submission.csv are the same")


def check_kills(home: Path, here: Path, output: Path) -> None:
    """What a killed worker was at is done by another; a killed command resumes when it is given
    again. Neither does again what was done."""
    embeddings, searches = output / EMBEDDINGS, output / ".searches"
    for kill in (kill_a_worker, kill_the_command):
        for split in ("train", "test"):
            (embeddings / f"{split}.npz").unlink(missing_ok=True)
        (output / "predictions.csv").unlink(missing_ok=True)
        done = partial(embeddings.glob, ".train.parts-*/*.npz")
        kill(home, "embed", keys(home, output), done)
        same_embeddings(here, output, kill.__name__)
        kill(home, "rank", keys(home, output), partial(searches.glob, "*/q*.npz"))
        same_ranking(here, output, kill.__name__)


def kill_a_worker(home: Path, command: str, keys: list[str], parts: Callable) -> None:
    """Kill a worker when two parts are done: the command goes on, and ends as it should."""
    log = home / f"{command}.log"
    process = start(command, keys, PROCESSES, log)
    wait_for_parts(process, parts, log)
    kept = {part: part.stat().st_mtime_ns for part in parts()}
    os.kill(worker_processes(process.pid)[0], signal.SIGKILL)
    end_well(process, kept, log)
    assert "a worker died; its parts are dealt out again" in log.read_text()


def kill_the_command(home: Path, command: str, keys: list[str], parts: Callable) -> None:
    """Kill the command itself when two parts are done; then give it again."""
    log = home / f"{command}.log"
    process = start(command, keys, PROCESSES, log)
    wait_for_parts(process, parts, log)
    workers = worker_processes(process.pid)
    process.kill()
    process.wait()
    for worker in workers:  # they end with the command
        while Path(f"/proc/{worker}").exists():
            time.sleep(0.02)
    kept = {part: part.stat().st_mtime_ns for part in parts()}
    end_well(start(command, keys, PROCESSES, log), kept, log)
    print(f"{command}: the command was killed, and {len(kept)} parts were kept")


def wait_for_parts(process: subprocess.Popen, parts: Callable, log: Path) -> None:
    """Wait until two parts are done."""
    while len(list(parts())) < 2:
        assert process.poll() is None, log.read_text()[-4000:]
        time.sleep(0.02)


def end_well(process: subprocess.Popen, kept: dict[Path, int], log: Path) -> None:
    """Wait for the end of a command, which must be a good one, and see that no part that is there
    is made again."""
    while process.poll() is None:
        for part, when in kept.items():
            with suppress(FileNotFoundError):  # when all is joined
                assert part.stat().st_mtime_ns == when, f"{part} was made again"
        time.sleep(0.02)
    assert process.returncode == 0, log.read_text()[-4000:]
