"""A server under load: POST /match by 8 clients, beside the same model embedding alone.

A server is started with the gallery of a catalogue. Clients send its photographs to identify, one
after another, each with a connection of its own. Before, between and after the rounds of clients a
process without a server embeds the same photographs with the same model: it reads files, decodes on
as many threads, and embeds batch after batch. So a busy machine disturbs both. Requests and images
a second, their ratio (wanted: at least .8), how long a request takes, and the server's memory at
each minute (wanted: the last is at most a tenth above the first one after the start). Everything is
on this machine (127.0.0.1), and ends after the given time.

    python benchmarks/serve.py --data DIR
    python benchmarks/serve.py --data DIR --model RUN --minutes 2 --home HOME
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from wanted import Wanted, judge

RATIO, GROWTH = 0.8, 1.1
MOST_MINUTES = 60
BOUNDARY = "photograph"


@dataclass
class Load:
    """What clients have seen.

    Attributes:
        seconds: of each request that was answered.
        wrong: how often each other status was answered.
        lasted: how long they asked, in seconds.
    """

    seconds: list[float] = field(default_factory=list)
    wrong: dict[int, int] = field(default_factory=dict)
    lasted: float = 0.0

    @property
    def speed(self) -> float:
        """Requests a second."""
        return len(self.seconds) / self.lasted


class Server:
    """A server of a home folder, in a process of its own."""

    def __init__(self, home: Path) -> None:
        words = ["-m", "tf_happywhale.serve", str(home), "server.port=0"]
        (home / "address").unlink(missing_ok=True)
        self.process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
        while not (home / "address").is_file():
            if self.process.poll() is not None:
                sys.exit("the server has ended")
            time.sleep(0.2)
        self.place = (home / "address").read_text().strip().removeprefix("http://")
        self.token = (home / "token").read_text().strip()

    def match(self, connection: http.client.HTTPConnection, photograph: bytes) -> int:
        """Send a photograph, and return the status of the answer."""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="images"; filename="x.jpg"'
        body = f"{head}\r\n\r\n".encode() + photograph + f"\r\n--{BOUNDARY}--\r\n".encode()
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        connection.request("POST", "/match", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def connection(self) -> http.client.HTTPConnection:
        """A client's own connection."""
        return http.client.HTTPConnection(self.place, timeout=600)

    def wait(self, photograph: bytes) -> None:
        """Wait until the model is loaded."""
        while self.process.poll() is None:
            try:
                if self.match(self.connection(), photograph) == 200:
                    return
            except OSError:  # it does not listen yet
                pass
            time.sleep(1)
        sys.exit("the server has ended")

    def megabytes(self) -> float:
        """Its resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def clients(server: Server, photographs: list[bytes], count: int, seconds: float) -> Load:
    """Let clients ask for so long."""
    load, lock, until = Load(), threading.Lock(), time.monotonic() + seconds

    def ask(first: int) -> None:
        connection = server.connection()
        for photograph in itertools.cycle(photographs[first:] + photographs[:first]):
            began = time.monotonic()
            if began >= until:
                return
            status = server.match(connection, photograph)
            took = time.monotonic() - began
            with lock:
                if status == 200:
                    load.seconds.append(took)
                else:
                    load.wrong[status] = load.wrong.get(status, 0) + 1

    began, step = time.monotonic(), max(1, len(photographs) // count)
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(ask, range(0, count * step, step)))
    load.lasted = time.monotonic() - began
    return load


def bare(home: Path, data: Path, seconds: float) -> None:
    """Embed photographs with the gallery's model alone, and print images a second."""
    from tf_happywhale.backend import set_backend

    set_backend("auto")
    from tf_happywhale.cores import usable_cores
    from tf_happywhale.server.matcher.matcher_model import load_model

    model = load_model(home / "gallery", [f"output={home / 'identified'}"])
    files = itertools.cycle(sorted((data / "test_images").iterdir()))
    with ThreadPoolExecutor(usable_cores()) as pool:

        def batch() -> list:
            some = [next(files) for _ in range(model.most)]
            return [pool.submit(model.crops, file, file.name) for file in some]

        model.embed([one.result() for one in batch()])  # compiled for this size
        done, ahead, began = 0, batch(), time.monotonic()
        while time.monotonic() - began < seconds:
            now, ahead = ahead, batch()
            model.embed([one.result() for one in now])
            done += len(now)
        print(done / (time.monotonic() - began))


def measure(args: argparse.Namespace, home: Path) -> tuple[list[float], list[Load], list[float]]:
    """Return bare speeds, what clients saw in each round, and the server's memory at each minute or
    tenth of a round."""
    names = sorted((args.data / "test_images").iterdir())
    photographs = [name.read_bytes() for name in names[: args.photographs]]
    server, stop = Server(home), threading.Event()
    memory: list[float] = []
    try:
        server.wait(photographs[0])
        clients(server, photographs, args.clients, min(20, args.minutes * 15))  # not counted
        speeds, loads, round_ = [alone(args, home)], [], args.minutes * 60 / args.rounds
        for _ in range(args.rounds):

            def watch() -> None:
                while not stop.wait(min(60, round_ / 5)):
                    memory.append(server.megabytes())

            watcher = threading.Thread(target=watch)
            watcher.start()
            loads.append(clients(server, photographs, args.clients, round_))
            stop.set()
            watcher.join()
            stop.clear()
            print(f"clients: {loads[-1].speed:.2f} requests a second, "
                  f"server {server.megabytes():.0f} MB", flush=True)  # fmt: skip
            speeds.append(alone(args, home))
    finally:
        server.process.terminate()
        server.process.wait(60)
    return speeds, loads, memory


def alone(args: argparse.Namespace, home: Path) -> float:
    """Images a second of a process without a server."""
    seconds = max(10.0, args.minutes * 60 / args.rounds / 3)
    words = ["--data", str(args.data), "--bare", str(home), str(seconds)]
    done = subprocess.run(
        [sys.executable, __file__, *words], capture_output=True, text=True, check=True
    )
    speed = float(done.stdout.split()[-1])
    print(f"alone: {speed:.2f} images a second", flush=True)
    return speed


def report(speeds: list[float], loads: list[Load], memory: list[float]) -> list[Wanted]:
    """Print what was measured, and return what was wanted."""
    seconds = sorted(itertools.chain.from_iterable(load.seconds for load in loads))
    parts = statistics.quantiles(seconds, n=100)
    speed = len(seconds) / sum(load.lasted for load in loads)
    ratios = [
        load.speed / statistics.mean(speeds[n : n + 2]) for n, load in enumerate(loads)
    ]  # beside the bare speeds before and after
    print(f"{len(seconds)} requests of one photograph, {speed:.2f} a second; "
          f"alone {statistics.mean(speeds):.2f} images a second")  # fmt: skip
    print(f"ratio of each round: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    print(
        f"a request takes {parts[49]:.2f} s (p50), {parts[94]:.2f} s (p95), {parts[98]:.2f} (p99)"
    )
    print(f"memory, MB: {' '.join(f'{each:.0f}' for each in memory)}")
    wrong = sum(sum(load.wrong.values()) for load in loads)
    return [
        Wanted("requests ÷ images alone", statistics.mean(ratios), RATIO),
        Wanted("memory at the end ÷ at the start", memory[-1] / memory[0], GROWTH, most=True),
        Wanted("requests not answered by 200", wrong, 0, most=True),
    ]


def arguments() -> argparse.Namespace:
    """The command line's words."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="catalogue with test_images/")
    parser.add_argument("--model", default="lite0", help="run folder, or a model's name (lite0)")
    parser.add_argument("--minutes", type=float, default=10, help="of clients, in all rounds (10)")
    parser.add_argument("--rounds", type=int, default=2, help="of clients (2)")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--photographs", type=int, default=500, help="that are sent, at most (500)")
    parser.add_argument("--home", type=Path, help="home folder, kept; with a gallery it is used")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not 0 < args.minutes <= MOST_MINUTES:
        parser.error(f"--minutes is at most {MOST_MINUTES}.")
    return args


def main() -> None:
    """Measure, and say whether it is as wanted."""
    args = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if args.bare:
        bare(Path(args.bare[0]), args.data, float(args.bare[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        home = (args.home or Path(name) / "home").absolute()
        if not (home / "gallery/gallery.json").is_file():
            home.mkdir(parents=True, exist_ok=True)
            command = ["-m", "tf_happywhale.gallery", "build", args.model, str(args.data)]
            output = f"output={home / 'identified'}"
            words = [sys.executable, *command, str(home / "gallery"), output, "match.use=never"]
            subprocess.run(words, check=True)
            (home / ".tf_happywhale").touch()  # else the server takes it for somebody's folder
        speeds, loads, memory = measure(args, home)
    rows = report(speeds, loads, memory)
    if args.json:
        found = {"alone": speeds, "memory": memory, "loads": [vars(load) for load in loads]}
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    sys.exit(judge(rows))


if __name__ == "__main__":
    main()
