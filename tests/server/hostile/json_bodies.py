"""Attacks by JSON that is large, deep, odd, or of another kind than is meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.server.hostile.attack import Try, attack, refused
from tests.server.hostile.child import Child
from tests.server.hostile.wire import Answer

DEEP = b"[" * 100_000 + b"]" * 100_000
MADE = {"decision": "match", "id": "Old_Tom"}
ODD = {
    "deep": DEEP,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a text of 50 MB": b'"' + b"a" * 50_000_000 + b'"',
    "a number of 10^6 digits": b'{"by":"x","changes":' + b"9" * 10**6 + b"}",
    "nothing": b"",
    "null": b"null",
    "NaN": b'{"by":"x","changes":[{"key":"k","made":{"rank":NaN}}]}',
    "no UTF-8": b'{"by":"\xff"}',
    "half a letter": b'{"by":"\\ud800","changes":[{"key":"\\udfff","made":null}]}',
    "UTF-16": json.dumps({"by": "x", "changes": []}).encode("utf-16"),
    "cut off": b'{"by":',
    "__proto__": b'{"by":"x","changes":[{"key":"__proto__","made":{"__proto__":{"a":1}}}]}',
    "no name": b'{"by":"","changes":[]}',
}
KEYS = (
    "k" * 10**6,
    "'; drop table decisions; --",
    "a\0b",
    "nothing.jpg",
    "",
    "\ud83d",
    "../../x#1",
)
PATHS = (
    "/v1/trips", "/v1/trips/{trip}/identify", "/v1/trips/{trip}/undo", "/v1/trips/{trip}/add",
    "/v1/trips/{trip}/photographs", "/v1/exports", "/v1/gallery/corrections", "/v1/catalogue",
    "/v1/catalogue/choose", "/v1/catalogue/pictures", "/v1/model", "/v1/trips/{trip}/decisions",
)  # fmt: skip
WRONG = (b"[]", b"7", b'"text"', DEEP, b'{"by":{}}', b"{", b"\xff\xfe", b'{"folder":7}', b"")
BOXES: tuple[dict[str, Any], ...] = (
    {"xmin": -1e308}, {"xmin": "NaN"}, {"xmin": 50, "xmax": 10}, {"number": 10**30},
    {"xmax": 1e9}, {"xmin": None}, {"number": -1}, {"xmin": [1]},
)  # fmt: skip
ELSEWHERE = (
    ("identify", {"settings": {"output": "/etc", "data.root": "/"}}),
    ("identify", {"settings": {"identify.boxes": "/etc/passwd"}}),
    ("identify", {"settings": {"identify.detector": "/etc/passwd"}}),
)
WORDS = (
    {"verb": "build", "words": ["--help", "output=/tmp/x", "../../outside"]},
    {"verb": "rename", "words": ["../../../etc", "output=/tmp/x"]},
    {"verb": "rename", "words": ["--help"]},
    {"verb": "move", "words": [{}]},
)


@attack
def json_bodies(child: Child) -> Iterator[Try]:
    """JSON that is wrong, wherever JSON is taken."""
    decisions = f"/v1/trips/{child.trip}/decisions"
    for what, body in ODD.items():
        yield _taken_or_refused(what, child.json("POST", decisions, body, wait=60))
    many = [{"key": f"k{number}", "made": MADE} for number in range(10**5)]
    answer = child.json("POST", decisions, {"by": "x", "changes": many}, wait=60)
    yield _taken_or_refused("10^5 changes", answer)
    for key in KEYS:
        answer = child.json("POST", decisions, {"by": "x", "changes": [{"key": key, "made": MADE}]})
        yield _taken_or_refused(f"the key {key[:30]!r}", answer)
    for path in PATHS:
        for given in WRONG:
            if not _may_be_so(path, given):
                answer = child.json("POST", path.format(trip=child.trip), given)
                yield refused(f"{path} {given[:12]!r}", answer)


def _may_be_so(path: str, given: bytes) -> bool:
    return given in (b"", b'{"folder":7}') and path.endswith(("/undo", "/add", "/identify"))


@attack
def settings(child: Child) -> Iterator[Try]:
    """Boxes that are none, and settings and words that lead elsewhere."""
    boxes = f"/v1/trips/{child.trip}/boxes/first.jpg"
    good = {"number": 1, "xmin": 1, "ymin": 1, "xmax": 20, "ymax": 20, "origin": "manual"}
    for box in BOXES:
        yield _box(f"box {box}", child.json("PUT", boxes, {"boxes": [good | box]}))
    crowd = [good | {"number": number} for number in range(10_000)]
    yield refused("10,000 boxes", child.json("PUT", boxes, {"boxes": crowd}))
    nowhere = f"/v1/trips/{child.trip}/boxes/..%2f..%2ftoken"
    yield refused("boxes of the token", child.json("PUT", nowhere, {"boxes": [good]}))
    for verb, given in ELSEWHERE:
        answer = child.json("POST", f"/v1/trips/{child.trip}/{verb}", given)
        yield refused(f"{verb} {given}", answer)
    for given in WORDS:
        yield refused(f"{given}", child.json("POST", "/v1/gallery/corrections", given))
    for model in ("/etc/passwd", "../../outside", "", "x" * 9000, None, {"a": 1}):
        yield refused(f"model {model!r:.30}", child.json("POST", "/v1/model", {"model": model}))
    for kind in ("../../x", "/etc", "", "decisions; id", None):
        given = {"kind": kind, "trip": child.trip}
        yield refused(f"export {kind!r}", child.json("POST", "/v1/exports", given))
    for trip in ("../..", "t999999", "", "\0"):
        given = {"kind": "decisions", "trip": trip}
        yield refused(f"export of {trip!r}", child.json("POST", "/v1/exports", given))


def _box(what: str, answer: Answer) -> Try:
    """Return a try that is right if a box was refused, or kept as one that lies in the picture."""
    if answer.status != 200:
        return refused(what, answer)
    kept = answer.json()["boxes"]
    inside = [0 <= box["xmin"] < box["xmax"] <= 160 and box["number"] in (1, 2) for box in kept]
    return Try(what, all(inside), str(answer))


def _taken_or_refused(what: str, answer: Answer) -> Try:
    """Return a try that is right if the server understood it or refused it, but did not fail."""
    return Try(what, True, str(answer)) if answer.status == 200 else refused(what, answer)
