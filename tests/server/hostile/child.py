"""The server that is attacked, in a folder of its own, and what it must not have changed."""

from __future__ import annotations

import json
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from tests.server.hostile import wire
from tests.server.hostile.pictures import photograph
from tests.server.hostile.wire import Answer

START = 60  # seconds within which it must answer
SETTINGS = ("server.port=0", "server.upload_megabytes=60", "server.picture_megabytes=20")
OWN = ("token", ".tf_happywhale", "catalogue/train.csv", "catalogue/train_images/known.jpg")
LAWFUL = {
    ".lock", ".tf_happywhale", "address", "app.sqlite", "app.sqlite-shm", "app.sqlite-wal", "token",
    "catalogue", "embedded", "exports", "gallery", "jobs", "new_catalogue", "training", "trips",
    "uploads",
}  # fmt: skip
# What libraries write for themselves when they are first used.
OF_LIBRARIES = re.compile(r"(person/\.(keras|cache|config)(/|$)|tmp/matplotlib-)")


class Child:
    """`happywhale serve` as a child process. It has a home directory, a working directory and a
    folder for temporary files in the sandbox, so that whatever it writes is seen.

    Attributes:
        sandbox: all of its folders.
        home: its HOME.
        allowed: a folder from which it may read.
        outside: one from which it may not.
        port: at which it listens.
        token: that it wants.
    """

    def __init__(self, sandbox: str | Path) -> None:
        self.sandbox = Path(sandbox).resolve()
        self.home, self.allowed, self.outside, self.cwd, self.person, tmp = (
            self.sandbox / name for name in ("home", "allowed", "outside", "cwd", "person", "tmp")
        )
        for folder in (self.allowed, self.outside, self.cwd, self.person, tmp):
            folder.mkdir()
        (self.outside / "secret.jpg").write_bytes(photograph(99))
        self.token, self.port, self.trip = secrets.token_urlsafe(24), 0, ""
        self.environment = os.environ | {
            "HAPPYWHALE_TOKEN": self.token, "TMPDIR": str(tmp), "HOME": str(self.person),
            "PYTHONPATH": os.pathsep.join(filter(None, (os.getcwd(),
            os.environ.get("PYTHONPATH")))),
            "PYTHONDONTWRITEBYTECODE": "1", "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3",
        }  # fmt: skip
        self.before: dict[str, Any] = {}

    def __enter__(self) -> Self:
        words = ["-m", "tf_happywhale.serve", str(self.home), f"server.roots=[{self.allowed}]"]
        self.log = open(self.sandbox / "log", "w+b")
        self.process = subprocess.Popen(
            [sys.executable, *words, *SETTINGS],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            cwd=self.cwd,
            env=self.environment,
        )
        until = time.monotonic() + START
        while not self.port and time.monotonic() < until and self.process.poll() is None:
            time.sleep(0.1)
            found = re.search(r"http://127\.0\.0\.1:(\d+)", (self.sandbox / "log").read_text())
            self.port = int(found[1]) if found else 0
        while self.port and time.monotonic() < until:
            try:
                if self.ask("GET", "/health").status == 200:
                    return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise SystemExit(f"the server did not start:\n{(self.sandbox / 'log').read_text()}")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()

    def prepare(self) -> None:
        """Make a trip of one photograph and a catalogue, and remember what is there."""
        folder = self.home / "catalogue" / "train_images"
        folder.mkdir(parents=True)
        (folder / "known.jpg").write_bytes(photograph(1))
        (folder.parent / "train.csv").write_text("image,individual_id\nknown.jpg,Old_Tom\n")
        self.trip = self.json("POST", "/v1/trips", {"name": "a trip"}).json()["id"]
        kept = self.upload(("first.jpg", photograph(2)))
        if kept.status != 200 or not kept.json()["kept"]:
            raise SystemExit(f"a good photograph was not kept: {kept}")
        self.before = self.state()

    @property
    def own_headers(self) -> dict[str, str]:
        """Headers of a request that is let in."""
        host = f"127.0.0.1:{self.port}"
        return {"Host": host, "Authorization": f"Bearer {self.token}"}

    def head(self, headers: dict[str, str]) -> bytes:
        """Return the head of a form of photographs, with these headers of its body."""
        lines = self.own_headers | {"Content-Type": wire.KIND} | headers
        return wire.head("POST", self.photographs, lines)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        wait: float = 30,
    ) -> Answer:
        """Send a request with the token. `headers` come before its own ones of the same name; an
        empty one is left out."""
        own = self.own_headers | {"Content-Length": str(len(body))}
        lines = {k: v for k, v in (own | (headers or {})).items() if v}
        size = 2**16
        pieces = (body[start : start + size] for start in range(0, len(body), size))
        return wire.send(self.port, (wire.head(method, path, lines), *pieces), wait)

    def json(self, method: str, path: str, given: Any, **more: Any) -> Answer:
        """Send JSON: text as it is, anything else as JSON of it."""
        body = given if isinstance(given, bytes) else json.dumps(given).encode()
        headers = {"Content-Type": "application/json"} | more.pop("headers", {})
        return self.ask(method, path, body, headers, **more)

    def upload(self, *files: tuple[str | bytes, bytes], to: str = "", wait: float = 60) -> Answer:
        """Send photographs to the trip, or elsewhere."""
        body = wire.form(*files)
        path = to or self.photographs
        return self.ask("POST", path, body, {"Content-Type": wire.KIND}, wait)

    @property
    def photographs(self) -> str:
        """The path to which photographs are sent."""
        return f"/v1/trips/{self.trip}/photographs"

    def kept(self) -> set[str]:
        """Names of all files in the trip's folder."""
        folder = self.home / "trips" / self.trip / "photographs"
        return {str(path.relative_to(folder)) for path in folder.rglob("*")}

    def unfinished_uploads(self) -> list[str]:
        """Files in HOME/uploads; a request that was given up gets some time to be noticed."""
        for _ in range(50):
            left = sorted(os.listdir(self.home / "uploads"))
            if not left:
                break
            time.sleep(0.1)
        return left

    def state(self) -> dict[str, Any]:
        """All that no request may change: every file outside the home folder, and its own files."""
        state: dict[str, Any] = {}
        for folder, folders, files in os.walk(self.sandbox):
            if Path(folder) == self.sandbox:
                folders.remove("home")
            for name in (*folders, *files):
                path = Path(folder) / name
                place = str(path.relative_to(self.sandbox))
                if place != "log" and not OF_LIBRARIES.match(place):
                    state[place] = path.lstat().st_size if name in files else "folder"
        for name in OWN:
            path = self.home / name
            state[f"home/{name}"] = path.read_bytes() if path.is_file() else None
        state["what else lies in HOME"] = sorted(set(os.listdir(self.home)) - LAWFUL)
        with sqlite3.connect(self.home / "app.sqlite") as database:
            state["database"] = database.execute("pragma integrity_check").fetchone()[0]
        return state

    def changed(self) -> list[str]:
        """What differs from the beginning."""
        now, before = self.state(), self.before
        differs = [name for name in now.keys() | before.keys() if now.get(name) != before.get(name)]
        return [f"{name}: {before.get(name)!r:.80} -> {now.get(name)!r:.80}" for name in differs]

    def remember(self) -> None:
        """Take what is there now as the beginning, since an attack has prepared something."""
        self.before = self.state()

    def forget_largest(self) -> None:
        """Forget the largest memory so far."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def largest(self) -> float:
        """Return the server's largest resident memory since then, in megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000
