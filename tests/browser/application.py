"""The application as a person starts it: a command of its own, which can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen


class Application:
    """`happywhale app`, and a program that asks it.

    Attributes:
        home: its folder.
        address: what it printed, without the token.
        started: the seconds that the last start took.
    """

    def __init__(self, home: Path, *settings: str) -> None:
        self.home, self.settings = home, settings
        self.address, self.token, self.started = "", "", 0.0
        self.start()

    def start(self) -> None:
        """Start it; at the port that it had, if it was started before."""
        port = self.address.rpartition(":")[2] or "0"
        words = ["-m", "tf_happywhale.app", str(self.home), "server.browser=false"]
        began = time.monotonic()
        self.child = subprocess.Popen(
            [sys.executable, *words, f"server.port={port}", *self.settings],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        line = self.child.stdout.readline()
        assert line.startswith("open "), line
        self.address, _, self.token = line.removeprefix("open ").strip().partition("/?token=")
        while not self.is_up():
            assert self.child.poll() is None, "it ended"
            time.sleep(0.05)
        self.started = time.monotonic() - began

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return self.ask("/health")["status"] == "ok"
        except OSError:
            return False

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()

    @property
    def entry(self) -> str:
        """The address with the token."""
        return f"{self.address}/?token={self.token}"

    def ask(self, path: str, body: object = None) -> Any:
        """Return what it answers to a program."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.address + path, data, headers), timeout=60) as answer:
            return json.load(answer)
