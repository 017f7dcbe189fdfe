"""People who work while the server is killed, and remember what it confirmed."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.server.drawn import jpeg
from tests.server.killing.served import Served

LONGEST = 900  # seconds for a job


class Clients:
    """One who decides, one who sends photographs, and one who asks for jobs.

    Attributes:
        decided: number of each confirmed decision, with its key and who it says.
        sent: content of each confirmed photograph, by its name.
        unanswered: requests of which nobody knows whether they were done.
        final: what was decided on the trip that is added: individual_id by photograph.
    """

    def __init__(self, served: Served, new: Path, names: dict[str, str]) -> None:
        self.served, self.new, self.final = served, new, names
        self.decided: dict[int, tuple[str, str]] = {}
        self.sent: dict[str, str] = {}
        self.unanswered = 0
        self.trip = self.other = ""
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=one) for one in (self._decide, self._send)]

    def begin(self) -> None:
        """Make two trips: one is identified and added, the other one is only worked on."""
        trips = [self.until("POST", "/v1/trips", json={"name": name}) for name in "ab"]
        self.trip, self.other = (trip["id"] for trip in trips)
        for name in self.final:
            parts = [("images", (name, (self.new / name).read_bytes()))]
            self.until("POST", f"/v1/trips/{self.trip}/photographs", files=parts)
        self.identify()
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop deciding and sending."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def identify(self) -> None:
        """Ask for the trip to be identified, unless that is under way."""
        self.until("POST", f"/v1/trips/{self.trip}/identify", fine=(409,))

    def add(self) -> None:
        """Ask for the decisions to be added."""
        self.until("POST", f"/v1/trips/{self.trip}/add", fine=(409,), json={"by": "Ann"})

    def decide_all(self) -> None:
        """Decide on every photograph of the trip."""
        changes = []
        for name, who in self.final.items():
            what = "new" if who.startswith("New") else "match"
            changes.append({"key": name, "made": {"decision": what, "id": who}})
        sent = {"by": "Ann", "changes": changes}
        self.until("POST", f"/v1/trips/{self.trip}/decisions", json=sent)

    def wait_for(self, state: str) -> None:
        """Wait until the trip has a state. A job that ended badly is an error."""
        latest = time.monotonic() + LONGEST
        while (shown := self.until("GET", f"/v1/trips/{self.trip}"))["state"] != state:
            if shown["problem"] or time.monotonic() > latest:
                raise RuntimeError(f"{state} was waited for: {shown['state']}, {shown['problem']}")
            time.sleep(0.5)

    def until(self, method: str, path: str, fine: tuple[int, ...] = (), **sent: Any) -> Any:
        """Ask until there is an answer; `fine`: a refusal that is one."""
        while True:
            try:
                return self.served.ask(method, path, **sent)
            except httpx.HTTPStatusError as error:
                if error.response.status_code not in fine:
                    raise
                return None
            except httpx.TransportError:
                time.sleep(0.05)

    def _decide(self) -> None:
        def one(number: int) -> None:
            key, who = f"{number % 40}.jpg", f"who {number}"
            made = {"decision": "match", "id": who, "image": key, "number": "1"}
            sent = {"by": "Bo", "changes": [{"key": key, "made": made}]}
            last = self.served.ask("POST", f"/v1/trips/{self.other}/decisions", json=sent)["last"]
            self.decided[last] = key, who

        self._again(one)

    def _send(self) -> None:
        def one(number: int) -> None:
            content = jpeg(number, 640, 480)
            parts = [("images", (f"{number}.jpg", content))]
            answer = self.served.ask("POST", f"/v1/trips/{self.other}/photographs", files=parts)
            for name in answer["kept"]:
                self.sent[name] = hashlib.sha256(content).hexdigest()

        self._again(one)

    def _again(self, one: Callable[[int], None]) -> None:
        number = 0
        while not self._ending.wait(0.02):
            number += 1
            try:
                one(number)
            except httpx.TransportError:
                self.unanswered += 1
