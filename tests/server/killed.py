"""A server that is killed again and again while people work: nothing that it confirmed is lost.

    python -m tests.server.killed --kills 50

A real `happywhale serve` is killed with SIGKILL at random moments, while one client decides,
another sends photographs, and a third lets a trip be identified and the decisions be added. The
catalogue is a small drawn pod. `gallery add` is the command itself; `identify` is a stand-in of
four seconds, since the real one takes longer than the server lives. After each start the server
must answer quickly and know all that it had confirmed; at the end the catalogue, the gallery and
the database agree.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.server.killing.checks import check_agreement, check_confirmed, check_files
from tests.server.killing.clients import Clients
from tests.server.killing.pod_home import write_pod_home
from tests.server.killing.served import Served

LIMIT = 3.0  # seconds from the start to an answer
PARTS = (0.6, 0.2, 0.2)  # of the kills: at any time, while identifying, while adding


def main() -> None:
    """Kill, check, and print figures; exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=LIMIT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = session(Path(folder), given.kills, random.Random(given.seed), given.limit)
    print("\n".join(wrong) or "nothing that was confirmed is lost")
    sys.exit(bool(wrong))


def session(folder: Path, kills: int, chance: random.Random, limit: float) -> list[str]:
    """Work, and kill the server that often; return what is wrong."""
    began = time.monotonic()
    names = write_pod_home(folder)
    served = Served(folder / "home")
    served.start()
    clients = Clients(served, folder / "new_photographs", names)
    clients.begin()
    any_time, identifying = round(kills * PARTS[0]), round(kills * PARTS[1])
    for _ in range(any_time):
        kill_after(served, clients, chance.uniform(0, 1.5))
    clients.identify()
    for _ in range(identifying):
        kill_after(served, clients, chance.uniform(0.5, 5))
    print(f"{served.kills} kills; identifying to the end", flush=True)
    clients.wait_for("to_review")
    clients.decide_all()
    clients.add()
    while served.kills < kills:
        kill_after(served, clients, chance.uniform(0.5, 8))
    clients.wait_for("added")
    clients.end()
    wrong = [*served.wrong, *check_confirmed(served, clients), *check_agreement(served, clients)]
    served.end()
    wrong += check_files(served, clients)
    report(served, clients, time.monotonic() - began)
    slow = max(served.starts)
    if slow > limit:
        wrong.append(f"a start took {slow:.2f} s, more than {limit} s")
    return wrong


def kill_after(served: Served, clients: Clients, seconds: float) -> None:
    """Let the clients work for some time, kill the server, start it again, and ask it what it
    knows."""
    time.sleep(seconds)
    served.kill()
    served.start()
    served.wrong += check_confirmed(served, clients)


def report(served: Served, clients: Clients, seconds: float) -> None:
    """Print figures."""
    median, slowest = statistics.median(served.starts), max(served.starts)
    print(
        f"{served.kills} kills in {seconds:.0f} s, {served.jobs_killed} of them with a job "
        f"running; {len(clients.decided)} decisions and {len(clients.sent)} photographs confirmed, "
        f"{clients.unanswered} requests without an answer\n"
        f"from the start to /health: median {median:.2f} s, largest {slowest:.2f} s, of which "
        f"the processor computes {statistics.median(served.computed):.2f} s; the load of this "
        f"machine is {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    main()
