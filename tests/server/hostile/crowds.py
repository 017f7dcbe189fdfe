"""Attacks by number: files, fields, connections."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from tests.server.hostile import wire
from tests.server.hostile.attack import Try, attack, left_out, refused
from tests.server.hostile.child import Child
from tests.server.hostile.wire import KIND, form, part

FILES = 100_000
CONNECTIONS = 800


@attack
def many_files_at_once(child: Child) -> Iterator[Try]:
    """100,000 files in one request."""
    body = form(*((f"{number}.jpg", b"x") for number in range(FILES)))
    answer = child.ask("POST", child.photographs, body, {"Content-Type": KIND}, 120)
    yield refused(f"{FILES} files in {len(body) / 1e6:.0f} MB", answer, 413, 422)
    fields = b"".join(part(f"f{n}", b"x", None) for n in range(FILES)) + form()
    answer = child.ask("POST", child.photographs, fields, {"Content-Type": KIND}, 120)
    yield refused(f"{FILES} fields", answer, 413, 422)
    same = b"".join(part("f", b"x", None) for _ in range(FILES)) + form()
    answer = child.ask("POST", child.photographs, same, {"Content-Type": KIND}, 120)
    yield left_out(f"{FILES} fields of one name", answer)


@attack
def many_files_in_many(child: Child) -> Iterator[Try]:
    """100,000 files in requests of 1,000."""
    began = time.monotonic()
    for start in range(0, FILES, 1000):
        answer = child.upload(*((f"{start + n}.jpg", b"x") for n in range(1000)))
        if not (good := left_out(f"files from {start}", answer)).right or start % 20_000 == 0:
            yield good
    trip = child.ask("GET", f"/v1/trips/{child.trip}", wait=60)
    yield Try("the trip is still shown", trip.status == 200, f"{len(trip.body) / 1e6:.1f} MB")
    yield Try(
        "how long it took", time.monotonic() - began < 300, f"{time.monotonic() - began:.0f} s"
    )


@attack
def many_connections(child: Child) -> Iterator[Try]:
    """Many connections that ask nothing, or begin and do not go on."""
    for what, first in {"silent": b"", "half a head": b"GET /health HTTP/1.1\r\nHost: 127"}.items():
        lines = []
        try:
            for _ in range(CONNECTIONS):
                lines.append(socket.create_connection(("127.0.0.1", child.port), timeout=5))
                lines[-1].sendall(first)
        except OSError:
            pass  # it takes no more, which is right too
        began = time.monotonic()
        health = child.ask("GET", "/health", wait=10)
        took = time.monotonic() - began
        yield Try(
            f"/health beside {len(lines)} connections ({what})",
            health.status == 200,
            f"{took:.2f} s",
        )
        for line in lines:
            line.close()


@attack
def many_trips(child: Child) -> Iterator[Try]:
    """Many trips, and names that are no names."""
    names = (
        "",
        " ",
        "x" * 10**6,
        "a\0b",
        "\ud800",
        "<script>",
        "../..",
        None,
        7,
        ["a"],
        {"a": 1},
        "\n",
    )
    for name in names:
        answer = child.json("POST", "/v1/trips", {"name": name})
        good = answer.status in (200, 201) and len(answer.body) < 5000
        yield Try(f"{name!r:.40}", True, str(answer)) if good else refused(f"{name!r:.40}", answer)
    for number in range(300):
        answer = child.json("POST", "/v1/trips", {"name": f"trip {number}"})
        if answer.status not in (200, 201):
            yield refused(f"trip {number}", answer)
            break
    state = child.ask("GET", "/v1/state")
    yield Try("the state is still shown", state.status == 200, f"{len(state.body) / 1e6:.2f} MB")


@attack
def requests_in_one_connection(child: Child) -> Iterator[Try]:
    """A second request hidden in the body of the first."""
    second = wire.head("GET", "/v1/state", {"Host": f"127.0.0.1:{child.port}"})
    for extra in (
        {"Content-Length": "5", "Transfer-Encoding": "chunked"},
        {"Transfer-Encoding": "xchunked"},
    ):
        headers = {"Host": f"127.0.0.1:{child.port}", "Authorization": f"Bearer {child.token}"}
        body = b"0\r\n\r\n" + second
        answer = wire.send(child.port, (wire.head("POST", "/v1/trips", headers | extra), body))
        answer.broken = True
        yield refused(f"{extra}", answer)
