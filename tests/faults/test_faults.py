"""A part of `make test-faults` that takes a minute: some faults of the quick commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.injector import compiler

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(compiler() is None, reason="a C compiler on Linux is needed")
def test_a_file_call_that_fails_leaves_what_was_there_and_the_command_completes_later() -> None:
    command = [sys.executable, "-m", "tests.faults", "--quick", "--most", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "gallery add" in done.stdout
