"""Work dealt out to the workers of an Apache Beam runner, on this machine or on many.

A piece of work leaves a file, under its own name only when it is whole. So a piece that is done
twice, because a worker died, does no harm, and the same command resumes where another one ended.
This needs the extra `beam`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from tf_happywhale.errors import ConfigError, HappywhaleError, InputError, Stopped
from tf_happywhale.watched_process import in_a_process

DIED = "Worker subprocess exited"  # how Beam's local workers end if something kills them
SENTENCE = re.compile(r"errors\.(?:Input|Config)Error: (.+?)(?: \[while running|\\n|\n|$)")


class WorkerDied(Stopped):
    """Work that was stopped because a worker on this machine died."""


class Piece(Protocol):
    """A piece of work: a value that can be pickled, and names the file that it leaves."""

    @property
    def file(self) -> Path: ...


def do_pieces(
    pieces: Sequence[Piece],
    work: Callable[..., object],
    options: Sequence[str],
    label: str,
    load: Callable[[], Any] | None = None,
) -> None:
    """Do the pieces whose files are missing, and show how many are there. If a worker of this
    machine dies, what is missing is dealt out again, unless nothing was done since the last death.

    Args:
        pieces: the pieces, with files in a folder that all workers see.
        work: does a piece; with `load` it is given what that returns as well.
        options: as on a Beam command line, such as `--runner=FlinkRunner`.
        label: the text of the progress bar.
        load: makes what every piece needs, such as a model: once in each worker's process.

    Raises:
        InputError: a worker could not do its piece, or its file is not there afterwards.
        WorkerDied: workers of this machine die again and again.
    """
    missing = _missing(pieces)
    with tqdm(total=len(pieces), desc=label, unit="part", leave=False) as progress:

        def look() -> None:
            progress.n = len(pieces) - len(_missing(missing))
            progress.refresh()

        look()
        while True:
            try:
                on_workers(missing, work, options, load, look)
                break
            except WorkerDied:
                left = _missing(missing)
                if len(left) == len(missing):
                    raise
                tqdm.write(f"{label}: a worker died; its parts are dealt out again")
                missing = left
    left = _missing(missing)
    if left:
        raise InputError(
            f"Apache Beam has finished, but {len(left)} of {len(missing)} files are not here, such "
            f"as {left[0].file}: this folder must be one that all workers share."
        )


def _missing(pieces: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in pieces if not piece.file.is_file()]


def on_workers(
    pieces: Sequence[Any],
    work: Callable[..., object],
    options: Sequence[str],
    load: Callable[[], Any] | None = None,
    look: Callable[[], object] = lambda: None,
) -> None:
    """Call `work` with each piece, on the runner that `options` name, and wait for the end;
    meanwhile call `look` every few seconds. Other arguments and errors: see `do_pieces`.

    The pipeline is started by a process of its own. A runner on one machine would wait forever for
    a worker that was killed; so that process is ended then, with all workers that it has started.

    Raises:
        ConfigError: Apache Beam is not installed.
        WorkerDied: a worker of this machine died.
    """
    if find_spec("apache_beam") is None:
        raise ConfigError("This needs Apache Beam: pip install 'tf-happywhale[beam]'.")
    if not pieces:
        return
    call = partial(run_pipeline, list(pieces), work, list(options), load)
    error, died = in_a_process(call, DIED, look)
    if died:
        raise WorkerDied(
            "because a worker of Apache Beam died, perhaps for want of memory; what was finished "
            "is kept, and the same command resumes"
        )
    if error is not None:
        raise _in_words(error) or RuntimeError(error)


def run_pipeline(
    pieces: list, work: Callable, options: list[str], load: Callable[[], Any] | None
) -> None:
    """Run the pipeline, and wait for its end."""
    import logging

    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.utils.shared import Shared

    # Else it tells of a worker's death with a traceback of its own.
    logging.getLogger("apache_beam.runners.worker.data_plane").setLevel(logging.CRITICAL)
    backend = os.environ.get("KERAS_BACKEND", "")
    call = partial(_call, work=work, load=load, shared=Shared(), backend=backend)
    # Leaving the pipeline's context waits for its end, and raises what a worker raised.
    with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
        # Without the reshuffling one worker would get all pieces.
        _ = pipeline | beam.Create(pieces) | beam.Reshuffle() | beam.Map(call)


def _call(
    piece: Any, work: Callable, load: Callable[[], Any] | None, shared: Any, backend: str
) -> None:
    """Do one piece, in a worker."""
    if backend:
        os.environ.setdefault("KERAS_BACKEND", backend)
    if load is None:
        work(piece)
    else:
        work(piece, shared.acquire(load))


def _in_words(error: str) -> HappywhaleError | None:
    """Return an error that a person can mend, from its traceback; None if it is none."""
    said = SENTENCE.search(error)
    if said:
        return InputError(said[1])
    last = error.strip().splitlines()[-1]
    if last.startswith("grpc."):
        return InputError(
            "Apache Beam's runner does not answer: see whether --job_endpoint or --flink_master is "
            f"its address, and whether it runs ({last})."
        )
    if "pipeline runner" in last or "Unable to fetch" in last:  # of an unknown or absent runner
        return InputError(f"Apache Beam: {last.partition(': ')[2]}")
    return None
