"""The runners that are tried, and commands that run on them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROCESSES = ["--runner=DirectRunner", "--direct_running_mode=multi_processing",
             "--direct_num_workers=2"]  # fmt: skip
SERVICE = "apache_beam.runners.portability.local_job_service_main"
POOL = "apache_beam.runners.worker.worker_pool_main"


@contextmanager
def runners() -> Iterator[dict[str, list[str]]]:
    """Yield the options of each runner: processes on this machine; and a job service, to which the
    pipeline is sent as to that of Flink or Spark, with a pool in which it starts its worker."""
    job, pool = _free_port(), _free_port()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the pool's `python`
    services = [
        subprocess.Popen(
            [sys.executable, "-m", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PATH": path},
        )
        for words in ([SERVICE, f"--port={job}"], [POOL, f"--service_port={pool}"])
    ]
    portable = [
        "--runner=PortableRunner",
        f"--job_endpoint=localhost:{job}",
        "--environment_type=EXTERNAL",
        f"--environment_config=localhost:{pool}",
    ]
    try:
        _wait_for(job)
        _wait_for(pool)
        yield {"two processes": PROCESSES, "a job service": portable}
    finally:
        for service in services:
            service.terminate()
            service.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


def _wait_for(port: int) -> None:
    for _ in range(1200):
        with socket.socket() as connection:
            if connection.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("Beam's job service did not start")


def start(command: str, keys: list[str], options: list[str], log: Path) -> subprocess.Popen:
    """Start a command, its searches in small parts, that are dealt out however small they are."""
    code = (
        "import runpy; from tf_happywhale.retrieval.search import on_beam, parts; "
        "on_beam.WORTH = 0; parts.QUERIES = 3; parts.IMAGES = 8; parts.NUMBERS = 1; "
        f"runpy.run_module('tf_happywhale.{command}', run_name='__main__')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with log.open("a") as said:
        return subprocess.Popen(
            [sys.executable, "-c", code, *keys, *options], stdout=said, stderr=said, env=environment
        )


def run(command: str, keys: list[str], options: list[str]) -> None:
    """Run a command to its end, which must be a good one."""
    log = Path(os.environ.get("TMPDIR", "/tmp")) / f"beam-{os.getpid()}.log"
    log.unlink(missing_ok=True)
    status = start(command, keys, options, log).wait()
    said = log.read_text(errors="replace")
    log.unlink()
    assert status == 0, f"{command} {options} ended with status {status}:\n{said[-4000:]}"
