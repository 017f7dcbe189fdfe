"""Runs jobs, one at a time, each as a child process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from sqlite3 import Row

from tf_happywhale.disk.files import append_line
from tf_happywhale.disk.os_errors import in_words
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.store import now
from tf_happywhale.server.jobs.job_log import read_log
from tf_happywhale.server.jobs.jobs import find_job
from tf_happywhale.server.requests.answers import contradiction

DONE = (0, 3)  # exit statuses of work that is done, wholly or without unreadable photographs
AGAIN = 75  # stopped; the same command resumes
PATIENCE = 20  # seconds for a job that is asked to stop
CHILD = (sys.executable, "-m", "tf_happywhale.server.jobs.child")
# Lines come at once, and TensorFlow's own are left out.
QUIET = {"PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "ABSL_MIN_LOG_LEVEL": "3"}
PACKAGE = Path(__file__).parents[3]


class Runner:
    """Takes waiting jobs in order, and runs them in a thread."""

    def __init__(self, home: Home, patience: float = PATIENCE) -> None:
        self.home, self.store, self.patience = home, home.store, patience
        self._closing = False
        self._child: subprocess.Popen | None = None
        self._job: int | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin. Jobs that ran when the server ended run again, before the others."""
        with self.store.changing() as db:
            db.execute(
                "update jobs set state = 'stopped', ended = ? where state = 'running' and stop",
                (now(),),
            )
            db.execute("update jobs set state = 'waiting' where state = 'running'")
        self.store.job_waits.set()
        self._thread.start()

    def close(self) -> None:
        """Stop for now: the running job is asked to stop, and runs again at the next start."""
        self._closing = True
        self.store.job_waits.set()
        with self._lock:
            self._end_child()
        self._thread.join(self.patience + 5)

    def stop(self, job: int) -> None:
        """Stop a job. One that runs is asked to, and killed if it goes on."""
        with self._lock, self.store.changing() as db:
            row = find_job(self.store, job)
            if row["state"] == "waiting":
                db.execute(
                    "update jobs set state = 'stopped', ended = ? where id = ?", (now(), job)
                )
            elif row["state"] == "running":
                db.execute("update jobs set stop = 1 where id = ?", (job,))
            else:
                raise contradiction(f"Job {job} has ended already.")
        with self._lock:
            if self._job == job:
                self._end_child()

    def resume(self, job: int) -> None:
        """Let a job that was stopped, or failed, run again."""
        with self.store.changing() as db:
            if find_job(self.store, job)["state"] not in ("stopped", "failed"):
                raise contradiction(f"Job {job} is not one that was stopped.")
            db.execute(
                "update jobs set state = 'waiting', stop = 0, error = '', exit = null, "
                "ended = null where id = ?",
                (job,),
            )
        self.store.job_waits.set()

    def _run(self) -> None:
        while not self._closing:
            self.store.job_waits.wait()
            self.store.job_waits.clear()
            while not self._closing and (row := self._take()):
                self._do(row)

    def _take(self) -> Row | None:
        """Return the next job, which is running from now on. One that has begun comes first."""
        with self.store.changing() as db:
            row = db.execute(
                "select * from jobs where state = 'waiting' order by started is null, id limit 1"
            ).fetchone()
            if row is not None:
                db.execute(
                    "update jobs set state = 'running', started = coalesce(started, ?) "
                    "where id = ?",
                    (now(), row["id"]),
                )
        return row

    def _do(self, row: Row) -> None:
        """Run a job to its end, and write down how it ended."""
        first = 0  # byte of the log: what a job said before it was resumed does not count
        try:
            with self.home.log(row["id"]).open("ab") as log, self._lock:
                first = log.tell()
                if self._closing:
                    return
                child = self._begin(json.loads(row["words"]), log)
                self._child, self._job = child, row["id"]
        except OSError as error:
            append_line(self.home.log(row["id"]), f"error: {in_words(error, 'the job')}")
            self._ended(row["id"], 2, first)
            return
        if find_job(self.store, row["id"])["stop"]:  # asked for while it began
            with self._lock:
                self._end_child()
        status = child.wait()
        with self._lock:
            self._child = self._job = None
        if status in DONE or not self._closing:
            self._ended(row["id"], status, first)

    def _begin(self, words: list[str], log: object) -> subprocess.Popen:
        secret = ("HAPPYWHALE_TOKEN",)
        paths = [str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
        more = {"PYTHONPATH": os.pathsep.join(paths), **QUIET}
        kept = {name: value for name, value in os.environ.items() if name not in secret}
        return subprocess.Popen(
            [*CHILD, str(os.getpid()), *words],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            cwd=self.home.folder, env=kept | more, start_new_session=True,
        )  # fmt: skip

    def _end_child(self) -> None:
        """Ask the child to stop, and kill it later if it goes on. The lock is held."""
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.send_signal(signal.SIGTERM)
        timer = threading.Timer(self.patience, child.kill)
        timer.daemon = True
        timer.start()

    def _ended(self, job: int, status: int, first: int) -> None:
        log = read_log(self.home.log(job), first)
        with self.store.changing() as db:
            asked = db.execute("select stop from jobs where id = ?", (job,)).fetchone()["stop"]
            state = ended_state(status, asked=bool(asked))
            error = {"done": log.error, "stopped": ""}.get(state)
            if error is None:
                error = log.error or how_it_ended(status, log.line)
            percent = 100 if state == "done" else log.percent
            db.execute(
                "update jobs set state = ?, exit = ?, ended = ?, percent = ?, line = ?, error = ? "
                "where id = ?",
                (state, status, now(), percent, log.line, error, job),
            )


def ended_state(status: int, *, asked: bool) -> str:
    """Return the state of a job that ended with this status; `asked`: it was asked to stop."""
    if status in DONE:
        return "done"
    return "stopped" if asked or status == AGAIN else "failed"


def how_it_ended(status: int, line: str) -> str:
    """Return a sentence on a command that ended without one."""
    if status == -signal.SIGKILL:
        return "The system ended it, most likely for want of memory: close other programs, resume."
    return f"It ended with status {status}: {line[:200]}" if line else f"It ended with {status}."
