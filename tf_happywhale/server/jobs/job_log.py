"""What a job prints: how far it is, its last line, and its error."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

TAIL = 2**16  # bytes at the end that are read
# A bar of tqdm: `embedding:  45%|####5     | 9/20 [00:03<00:04,  2.5img/s]`.
BAR = re.compile(r"(?P<label>.*?):?\s*(?P<percent>\d+)%\|.*\[\s*[\d:]+<(?P<left>[\d:?]+)")
COUNT = re.compile(r".*\d+\S* \[[\d:]+, .*\]")  # a bar of which the end is not known
ERROR = "error: "
# What libraries print before they have read how much they should.
NOISE = re.compile(r"WARNING: All log messages before absl|[IWE]\d{4} \d\d:\d\d:")


@dataclass(frozen=True)
class Log:
    """The end of what a job prints.

    Attributes:
        lines: the last lines, without bars.
        percent: of the bar that was moved last; None if a line came after it.
        seconds_left: of that bar.
        line: what a person is shown: the last line, or the label of the bar.
        error: the sentence of the error, if there is one.
    """

    lines: tuple[str, ...] = ()
    percent: float | None = None
    seconds_left: int | None = None
    line: str = ""
    error: str = ""


def read_log(file: Path, first: int = 0) -> Log:
    """Return the end of a log; an empty one if there is no file.

    Args:
        file: a job's. One that was resumed goes on in it.
        first: the byte at which it begins to count.
    """
    try:
        with file.open("rb") as log:
            log.seek(max(first, os.fstat(log.fileno()).st_size - TAIL))
            text = log.read().decode(errors="replace")
    except OSError:
        return Log()
    return as_log(text)


def as_log(text: str) -> Log:
    """Return what the end of a log says. A bar is written over and over, with `\\r` between."""
    lines: list[str] = []
    bar: re.Match[str] | None = None
    for line in re.split(r"[\r\n]+", text):
        if not line.strip() or NOISE.match(line):
            continue
        moved = BAR.match(line)
        if moved is None and COUNT.fullmatch(line):
            continue
        bar = moved
        if moved is None:
            lines.append(line.rstrip())
    errors = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
    last = (bar["label"].strip() if bar else "") or (lines[-1] if lines else "")
    return Log(
        tuple(lines),
        float(bar["percent"]) if bar else None,
        in_seconds(bar["left"]) if bar else None,
        last,
        errors[-1] if errors else "",
    )


def in_seconds(clock: str) -> int | None:
    """Return the seconds of `[hours:]minutes:seconds`; None for `?`."""
    if "?" in clock:
        return None
    seconds = 0
    for part in clock.split(":"):
        seconds = 60 * seconds + int(part or 0)
    return seconds
