"""Routes of jobs: listed, looked at, stopped, resumed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.jobs.job_log import read_log
from tf_happywhale.server.jobs.jobs import find_job, shown_job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
LINES = 40
MOST = 200  # jobs in the list


@router.get("")
def jobs(home: HomeOf) -> dict[str, list[dict[str, Any]]]:
    """Return the jobs, the last one first."""
    rows = home.store.rows(f"select * from jobs order by id desc limit {MOST}")
    return {"jobs": [shown_job(home, row) for row in rows]}


@router.get("/{job}")
def job(home: HomeOf, job: int) -> dict[str, Any]:
    """Return a job, with the last lines that it printed."""
    shown = shown_job(home, find_job(home.store, job))
    return shown | {"log": list(read_log(home.log(job)).lines[-LINES:])}


@router.post("/{job}/stop")
def stop(home: HomeOf, request: Request, job: int) -> dict[str, Any]:
    """Ask a job to stop. What it has done stays, and it can be resumed."""
    find_job(home.store, job)
    request.app.state.runner.stop(job)
    return shown_job(home, find_job(home.store, job))


@router.post("/{job}/resume")
def resume(home: HomeOf, request: Request, job: int) -> dict[str, Any]:
    """Let a job that was stopped, or failed, run again."""
    find_job(home.store, job)
    request.app.state.runner.resume(job)
    return shown_job(home, find_job(home.store, job))
