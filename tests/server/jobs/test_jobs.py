"""Jobs: in order, stopped, resumed, and run again after the server was killed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tf_happywhale.server.home.home import Home
from tf_happywhale.server.jobs import runner
from tf_happywhale.server.jobs.job_log import as_log
from tf_happywhale.server.jobs.jobs import add_job, find_job
from tf_happywhale.server.jobs.runner import Runner, ended_state

SLEEPER = "import sys, time; print('began', flush=True); time.sleep(60)"


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a piece of Python be every job; its words follow the server's process."""

    def use(code: str) -> None:
        monkeypatch.setattr(runner, "CHILD", (sys.executable, "-c", code))

    use("print('nothing to do')")
    return use


def until(home: Home, job: int, *states: str) -> str:
    """Wait for a state of a job, and return it."""
    for _ in range(2000):
        state = find_job(home.store, job)["state"]
        if state in states:
            return state
        threading.Event().wait(0.01)
    raise AssertionError(f"job {job} is {state}")


def ask(client: TestClient, job: int) -> dict:
    return client.get(f"/v1/jobs/{job}").json()


def test_jobs_run_in_order(client: TestClient, home: Home, plain: Callable) -> None:
    plain("import sys; print(' '.join(sys.argv[2:]))")
    jobs = [add_job(home.store, "gallery", ["gallery", "info", name]) for name in "abc"]
    for job in jobs:
        until(home, job, "done")
    shown = [ask(client, job) for job in jobs]
    assert [one["line"] for one in shown] == [f"gallery info {name}" for name in "abc"]
    assert [one["exit"] for one in shown] == [0, 0, 0]
    times = [time for one in shown for time in (one["started"], one["ended"])]
    assert times == sorted(times)
    assert [one["id"] for one in client.get("/v1/jobs").json()["jobs"]] == jobs[::-1]


@pytest.mark.parametrize(
    ("code", "state", "error"),
    [
        ("print('error: No.'); sys.exit(2)", "failed", "No."),
        ("print('error: 1 of 9 is broken.'); sys.exit(3)", "done", "1 of 9 is broken."),
        ("print('stopped'); sys.exit(75)", "stopped", ""),
        ("print('oh'); sys.exit(7)", "failed", "It ended with status 7: oh"),
        ("os.kill(os.getpid(), 9)", "failed", "The system ended it"),
    ],
)
def test_how_a_job_ends(
    client: TestClient, home: Home, plain: Callable, code: str, state: str, error: str
) -> None:
    plain(f"import os, sys; {code}")
    job = add_job(home.store, "gallery", ["gallery"])
    assert until(home, job, "done", "failed", "stopped") == state
    assert ask(client, job)["error"].startswith(error)


@pytest.mark.parametrize(
    ("code", "state", "error"),
    [
        ("print('fine')", "done", ""),
        ("os.kill(os.getpid(), 9)", "failed", "The system ended it"),
        ("sys.exit(7)", "failed", "It ended with 7."),
    ],
)
def test_what_a_job_said_before_it_was_resumed_does_not_count(
    client: TestClient, home: Home, plain: Callable, code: str, state: str, error: str
) -> None:
    plain("import sys; print('error: No disk.'); sys.exit(2)")
    job = add_job(home.store, "gallery", ["gallery"])
    until(home, job, "failed")
    plain(f"import os, sys; {code}")
    assert client.post(f"/v1/jobs/{job}/resume").status_code == 200
    assert until(home, job, "done", "failed") == state
    shown = ask(client, job)["error"]
    assert shown.startswith(error) and "disk" not in shown


def test_a_running_job_is_stopped_and_resumed(
    client: TestClient, home: Home, plain: Callable
) -> None:
    plain(SLEEPER)
    job, waiting = (add_job(home.store, "training", ["run"]) for _ in range(2))
    until(home, job, "running")
    assert client.post(f"/v1/jobs/{waiting}/stop").json()["state"] == "stopped"
    assert client.post(f"/v1/jobs/{job}/stop").status_code == 200
    until(home, job, "stopped")
    assert client.post(f"/v1/jobs/{job}/stop").status_code == 409
    plain("print('done')")
    assert client.post(f"/v1/jobs/{job}/resume").status_code == 200
    until(home, job, "done")
    assert client.post(f"/v1/jobs/{job}/resume").status_code == 409
    assert client.post("/v1/jobs/99/stop").status_code == 404
    assert find_job(home.store, waiting)["state"] == "stopped"


def test_a_job_that_ignores_it_is_killed(home: Home, plain: Callable) -> None:
    plain(f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}")
    runs = Runner(home, patience=0.05)
    runs.start()
    job = add_job(home.store, "training", ["run"])
    while "began" not in (home.log(job).read_text() if home.log(job).is_file() else ""):
        threading.Event().wait(0.01)
    runs.stop(job)
    until(home, job, "stopped")
    runs.close()


def test_jobs_that_ran_run_again(home: Home, plain: Callable) -> None:
    plain("print('again')")
    first, second, third = (add_job(home.store, "identify", ["identify"]) for _ in range(3))
    with home.store.changing() as db:  # as a killed server leaves them
        db.execute("update jobs set state = 'running', started = 1 where id = ?", (second,))
        db.execute("update jobs set state = 'running', started = 1, stop = 1 where id = 3")
    runs = Runner(home)
    runs.start()
    for job in (first, second):
        until(home, job, "done")
    assert find_job(home.store, third)["state"] == "stopped"
    assert find_job(home.store, second)["ended"] < find_job(home.store, first)["ended"]
    runs.close()


def test_a_server_that_is_stopped_leaves_its_job_to_the_next(home: Home, plain: Callable) -> None:
    plain(SLEEPER)
    runs = Runner(home)
    runs.start()
    job = add_job(home.store, "training", ["run"])
    until(home, job, "running")
    runs.close()
    assert find_job(home.store, job)["state"] == "running"


def test_the_child_is_the_command_itself(client: TestClient, home: Home) -> None:
    job = add_job(home.store, "gallery", ["gallery", "info", "nowhere"])
    assert until(home, job, "failed", "done") == "failed"
    assert "nowhere" in ask(client, job)["error"]


def test_only_commands_are_jobs(home: Home) -> None:
    with pytest.raises(ValueError, match="no command"):
        add_job(home.store, "x", ["os", "system"])


def test_bars_say_how_far_it_is() -> None:
    text = "reading\rembedding:   0%|  | 0/20 [00:00<?, ?img/s]\rembedding:  45%|##4  | 9/20 "
    log = as_log(text + "[00:03<1:00:04,  2.50img/s]\r")
    assert (log.percent, log.seconds_left, log.line) == (45, 3604, "embedding")
    assert log.lines == ("reading",)
    assert as_log(text + "[00:03<00:04, 2img/s]\nthe pages: 3 s\n").percent is None
    assert as_log("E0000 00:00:17.5  1 cuda.cc:52] no\nI0000 00:00:1.2 x\n").lines == ()
    assert as_log("") == as_log("\r\n\n")


def test_a_finished_command_is_done_also_if_it_was_asked_to_stop() -> None:
    assert [ended_state(status, asked=True) for status in (0, 3, 75, -15)] == [
        "done", "done", "stopped", "stopped",
    ]  # fmt: skip
