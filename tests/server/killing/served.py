"""A `happywhale serve` of its own, started and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

WAIT = 60.0  # seconds
PAUSE = 0.01
STAND_IN = Path(__file__).parent / "stand_in"


class Served:
    """The server of a home folder.

    Attributes:
        starts: seconds from each start to the first answer; `computed`: the processor's share.
        kills: how often it was killed; `jobs_killed`: with a job running.
        wrong: sentences on what is not as it should be.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.address, self.token = home, "", ""
        self.starts: list[float] = []
        self.computed: list[float] = []
        self.wrong: list[str] = []
        self.kills = self.jobs_killed = 0
        self._run: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        line = [sys.executable, "-m", "tf_happywhale.serve", str(self.home), "server.port=0"]
        began = time.monotonic()
        paths = [str(STAND_IN), *sys.path]
        known = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        self._run = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=known)
        opened = self._run.stdout.readline().removeprefix("open ").strip()
        self.address, _, self.token = opened.partition("/?token=")
        if not self.token:
            raise RuntimeError(f"the server did not start: {opened}")
        with httpx.Client(timeout=WAIT) as client:
            assert client.get(f"{self.address}/health").json() == {"status": "ok"}
        self.starts.append(time.monotonic() - began)
        self.computed.append(processor_seconds(self._run.pid))

    def kill(self) -> None:
        """Kill it. Its jobs must end with it."""
        children = children_of(self._run.pid)
        self._run.send_signal(signal.SIGKILL)
        self._run.wait()
        self._run.stdout.close()
        self.kills += 1
        self.jobs_killed += bool(children)
        patience = time.monotonic() + 5
        while left := [child for child in children if runs(child)]:
            if time.monotonic() > patience:
                self.wrong.append(f"job processes outlived the server: {left}")
                break
            time.sleep(PAUSE)

    def end(self) -> None:
        """Stop it as Ctrl-C does."""
        self._run.send_signal(signal.SIGINT)
        if self._run.wait(WAIT):
            self.wrong.append(f"the server ended with {self._run.returncode}")
        self._run.stdout.close()

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        """Return an answer's JSON.

        Raises:
            httpx.TransportError: the server is killed meanwhile.
            httpx.HTTPStatusError: it refuses.
        """
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, self.address + path, headers=headers, timeout=WAIT, **sent)
        answer.raise_for_status()
        return answer.json()


def processor_seconds(process: int) -> float:
    """Return how long a process has computed."""
    cells = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")


def children_of(process: int) -> list[int]:
    """Return the processes that a process has started."""
    try:
        threads = os.listdir(f"/proc/{process}/task")
        texts = [Path(f"/proc/{process}/task/{one}/children").read_text() for one in threads]
    except FileNotFoundError:
        return []
    return [int(word) for text in texts for word in text.split()]


def runs(process: int) -> bool:
    """Whether a process runs still."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
