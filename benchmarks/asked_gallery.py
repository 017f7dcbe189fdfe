"""How long it takes to ask a gallery, and how much of the exact answer is found."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from drawn_gallery import asked_of

TOGETHER = 100  # queries


def times(ask: Callable[[np.ndarray], object], queries: np.ndarray, alone: int) -> dict:
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
