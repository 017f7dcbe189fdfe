"""Hostile requests to a real `happywhale serve` on this machine: `make test-app-hostile`.

Each attack has an answer that is right (4xx, or files that are left out with a reason). After each
of them the server still answers, no unfinished upload is left, and nothing has changed outside the
home folder or among its own files. The largest memory of the server is printed beside each attack.
Everything is bounded: 127.0.0.1 alone, a given number of requests, and a time limit.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from tests.server.hostile import access, bodies, contents, crowds, folders, json_bodies, names
from tests.server.hostile.attack import ATTACKS, Try
from tests.server.hostile.child import Child

MOST_MEGABYTES = 2500  # of the server's memory; a picture of 200 million pixels is 600 of them
LIMIT = 1800  # seconds for all attacks
ROOMS = (
    access,
    names,
    contents,
    bodies,
    json_bodies,
    folders,
    crowds,
)  # each has registered its attacks


def main() -> None:
    """Run the attacks, print what came of them, and end with status 1 if one has succeeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.server.hostile", description=__doc__)
    parser.add_argument("only", nargs="*", help="attacks whose name begins so; all by default")
    parser.add_argument("--verbose", action="store_true", help="what was right, too")
    given = parser.parse_args()
    began, wrong, tried, largest = time.monotonic(), 0, 0, 0
    with TemporaryDirectory(prefix="hostile-") as sandbox, Child(sandbox) as child:
        child.prepare()
        for name, attack in ATTACKS.items():
            if given.only and not any(name.startswith(only) for only in given.only):
                continue
            child.forget_largest()
            start = time.monotonic()
            results = [*attack(child), *_afterwards(child)]
            memory = child.largest()
            largest = max(largest, memory)
            results.append(Try("memory", memory < MOST_MEGABYTES, f"{memory:.0f} MB"))
            bad = [result for result in results if not result.right]
            tried, wrong = tried + len(results), wrong + len(bad)
            how = f"{len(results)} tries, {time.monotonic() - start:.0f} s, {memory:.0f} MB"
            print(f"{'ok ' if not bad else 'BAD'} {name}: {how}")
            for result in results if given.verbose else bad:
                print(f"      {'' if result.right else '-> '}{result.what}: {result.got}")
            sys.stdout.flush()
            if time.monotonic() - began > LIMIT:
                sys.exit(f"the attacks took longer than {LIMIT} s")
    print(f"{tried} tries, {wrong} wrong; the server had {largest:.0f} MB at most")
    sys.exit(wrong > 0)


def _afterwards(child: Child) -> Iterator[Try]:
    """Yield what must hold after every attack."""
    began = time.monotonic()
    health = child.ask("GET", "/health")
    took = time.monotonic() - began
    yield Try("/health afterwards", health.status == 200 and took < 5, f"{health}, {took:.1f} s")
    left = child.unfinished_uploads()
    yield Try("nothing is left in uploads/", not left, f"{left[:5]}")
    changed = child.changed()
    yield Try("nothing is changed outside, nor the server's own files", not changed, f"{changed}")


if __name__ == "__main__":
    main()
