"""Attacks by bodies: cut off, slow, of a wrong length, or no form at all."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from tests.server.hostile import wire
from tests.server.hostile.attack import Try, attack, refused
from tests.server.hostile.child import Child
from tests.server.hostile.pictures import photograph
from tests.server.hostile.wire import BOUNDARY, KIND, Answer, form, part

SLOWEST = 60  # seconds within which a slow body must be refused
CLOSED = (0, 400, 408, 413, 422)


@attack
def forms(child: Child) -> Iterator[Try]:
    """Forms that are none, sent where photographs are taken."""
    good = form(("a.jpg", photograph(20)))
    text = b"name=value&images=x"
    kinds = {
        "no type": ("", good), "no boundary": ("multipart/form-data", good),
        "an empty boundary": ("multipart/form-data; boundary=", good),
        "another boundary": ("multipart/form-data; boundary=other", good),
        "a boundary of 60 kB": ("multipart/form-data; boundary=" + "b" * 60_000, good),
        "a simple form": ("application/x-www-form-urlencoded", text), "text": ("text/plain", good),
        "mixed": (f"multipart/mixed; boundary={BOUNDARY}", good), "nothing": (KIND, b""),
        "JSON that is a form": ("application/json", good), "no end": (KIND, good[:-20]),
        "only its end": (KIND, f"--{BOUNDARY}--\r\n".encode()), "bytes": (KIND, bytes(10_000)),
        "line ends only": (KIND, b"\r\n" * 500_000), "dashes only": (KIND, b"-" * 1_000_000),
        "another field": (KIND, form(("a.jpg", photograph(21)), name="files")),
        "a form in a form": (KIND, form(("a.jpg", form(("b.jpg", photograph(22)))))),
        "a field of 5 MB": (KIND, part("images", bytes(5_000_000), None) + form()),
        "a name of 5 MB": (KIND, form(("n" * 5_000_000, b"x"))),
        "a field's name of 5 MB": (KIND, form(("a.jpg", b"x"), name="n" * 5_000_000)),
        "a head of 40 MB": (KIND, f"--{BOUNDARY}\r\n".encode() + b"X-A: " + b"a" * 40_000_000),
        "a head of 10^6 lines": (KIND, f"--{BOUNDARY}\r\n".encode() + b"X: a\r\n" * 10**6),
    }  # fmt: skip
    for what, (kind, body) in kinds.items():
        began = time.monotonic()
        answer = child.ask("POST", child.photographs, body, {"Content-Type": kind}, 60)
        took = time.monotonic() - began
        empty = answer.status == 200 and not answer.json()["kept"]  # nothing kept is right too
        yield Try(what, True, str(answer)) if empty else refused(what, answer)
        yield Try(f"{what}: time", took < 20, f"{took:.1f} s")


@attack
def lengths(child: Child) -> Iterator[Try]:
    """Lengths that are not those of the body, and bodies that end early."""
    body = form(("a.jpg", photograph(23)))
    for length in ("-1", "abc", "1e3", "0x10", "99999999999999999999", str(61 * 10**6), "10", "0"):
        answer = child.ask(
            "POST", child.photographs, body, {"Content-Type": KIND, "Content-Length": length}, 45
        )
        yield _closed(f"Content-Length {length}", answer)
    chunked = child.head({"Transfer-Encoding": "chunked"})
    for what, sent in {
        "a chunk without an end": b"5\r\nabc", "a chunk of a wrong length": b"zz\r\nabc\r\n",
        "a chunk of 2^60 bytes": b"1000000000000000\r\nabc", "a negative chunk": b"-5\r\nabc\r\n",
    }.items():  # fmt: skip
        yield _closed(what, wire.send(child.port, (chunked, sent), 45))
    for share in (0.1, 0.5, 0.99):
        yield _gone(child, body, share)
    megabyte = b"100000\r\n" + bytes(2**20) + b"\r\n"
    many = (chunked, b"%x\r\n" % len(body[:90]) + body[:90] + b"\r\n", *[megabyte] * 80)
    yield _closed("chunks of 80 MB in all", wire.send(child.port, many, 60))


@attack
def slow(child: Child) -> Iterator[Try]:
    """A body that comes byte by byte, and one that stops; both at once with a good request."""
    body = form(("a.jpg", photograph(24)))
    first = child.head({"Content-Length": str(len(body))})
    began = time.monotonic()
    stopped = wire.send(child.port, (first, body[:2000]), SLOWEST + 30)
    yield _closed(f"a body that stops ({time.monotonic() - began:.0f} s)", stopped)
    began = time.monotonic()
    pieces = (body[n : n + 1] for n in range(200, 2000))
    dripped = wire.send(child.port, (first, body[:200], *pieces), 5, pause=0.2)
    took = time.monotonic() - began
    yield _closed("a body byte by byte", dripped)
    yield Try("it is not waited for without end", took < SLOWEST + 30, f"{took:.0f} s")


def _closed(what: str, answer: Answer) -> Try:
    """Return a try that is right if the request was refused or its connection closed."""
    return Try(what, answer.status in CLOSED, str(answer))


def _gone(child: Child, body: bytes, share: float) -> Try:
    """Send a part of a body and leave."""
    before = child.kept()
    head = child.head({"Content-Length": str(len(body))})
    with socket.create_connection(("127.0.0.1", child.port), timeout=10) as line:
        line.sendall(head + body[: int(len(body) * share)])
    left = child.unfinished_uploads()
    return Try(f"gone after {share:.0%} of a body", not left and child.kept() == before, f"{left}")
