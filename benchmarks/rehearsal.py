"""The whole road at Happywhale's size: 51,033 drawn photographs of 15,587 individuals.

    python benchmarks/rehearsal.py [--share 1/64 1/16 1/4 1] [--output DIR] [--json FILE] [--quick]

Every command of the road is run as a person runs it: records, two rounds of training, embeddings,
ranking of 27,956 photographs, evaluation, the report, an ensemble of nine members (eight are the
first one's embeddings, perturbed), a gallery, 500 photographs identified, curation. Writing the
records and the first training are stopped in their middle, and resumed. Then each command is run
again where nothing has changed. Of each command this takes the seconds, the processor's seconds,
the peak memory of its largest process, and what is on the disk afterwards.

A share has that share of the individuals. With several shares a table says how each stage grows:
the exponents of its processor's seconds and of its memory between the last two. What is done is
kept in the output folder, so the same command resumes; `--again STAGE` does the stages that begin
so again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
from rehearsal_catalogue import draw_catalogue

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "benchmarks" / "rehearsal.yaml"
MEMBERS = 9
ASKED = 500  # photographs that `identify` gets
STOP_AFTER = {"tfrecords": rb"writing TFRecords: +[3-9].%", "train": rb"epoch 1/1: +[3-9].%"}


class Road:
    """The stages of one share, and what each of them took.

    Args:
        home: the folder of this share.
        share: of Happywhale's counts.
    """

    def __init__(self, home: Path, share: float) -> None:
        self.home, self.share = home, share
        self.data, self.output = home / "drawn", home / "run"
        self.file = home / "stages.json"
        self.stages: dict[str, dict] = {}
        if self.file.is_file():
            self.stages = json.loads(self.file.read_text())

    def forget(self, beginnings: list[str]) -> None:
        """Do the stages whose names begin so again."""
        for name in [n for n in self.stages if n.startswith(tuple(beginnings))]:
            del self.stages[name]

    def walk(self) -> None:
        """Do every stage that is not done."""
        self.draw()
        for name, *command in self.commands():
            self.stage(name, command)
        self.write_members()
        members = json.dumps(
            [{"path": str(self.output / "rehearsal-round1" / "fold0")}]
            + [{"path": str(self.member(number))} for number in range(1, MEMBERS)]
        )
        for command in ("rank", "evaluate"):
            self.stage(f"{command}, nine members", [command, *self.config(), f"members={members}"])
        for name, *command in self.gallery_commands():
            self.stage(name, command)

    def config(self) -> list[str]:
        return [str(CONFIG), f"data.root={self.data}", f"output={self.output}", "fold=0"]

    def commands(self) -> list[list[str]]:
        first, again = "pseudo.round=0", "again, nothing changed: "
        one = [
            ["tfrecords", "tfrecords", *self.config()],
            ["train", "train", *self.config(), first],
            ["embed", "embed", *self.config(), first],
            ["pseudo", "pseudo", *self.config()],
            ["train, round 1", "train", *self.config()],
            ["embed, round 1", "embed", *self.config()],
            ["rank", "rank", *self.config()],
            ["evaluate", "evaluate", *self.config()],
            ["report", "report", *self.config()],
        ]
        names = ("tfrecords", "train", "embed", "rank", "evaluate", "report", "run")
        return one + [[f"{again}{name}", name, *self.config()] for name in names]

    def gallery_commands(self) -> list[list[str]]:
        model = str(self.output / "rehearsal-round1" / "fold0")
        gallery, found = str(self.home / "gallery"), f"output={self.home / 'found'}"
        asked = self.home / "asked"
        if not asked.is_dir():
            asked.mkdir()
            for path in sorted((self.data / "test_images").iterdir())[: self.count(ASKED)]:
                (asked / path.name).symlink_to(path)
        identify = ["identify", model, gallery, str(asked), found]
        return [
            ["gallery build", "gallery", "build", model, str(self.data), gallery, found],
            ["identify 500", *identify],
            ["again, nothing changed: identify 500", *identify],
            ["identify 1", *identify[:3], str(next(asked.iterdir())), found + "_one"],
            ["gallery info", "gallery", "info", gallery],
            ["gallery verify", "gallery", "verify", gallery],
            ["gallery curate", "gallery", "curate", gallery, found],
        ]

    def images(self) -> int:
        return len((self.data / "train.csv").read_text().splitlines()) - 1

    def count(self, most: int) -> int:
        return min(most, len(list((self.data / "test_images").iterdir())))

    def draw(self) -> None:
        if "draw" in self.stages:
            return
        started = time.monotonic()
        draw_catalogue(self.data, self.share)
        self.keep("draw", {"seconds": time.monotonic() - started})

    def member(self, number: int) -> Path:
        return self.home / "members" / f"member{number}"

    def write_members(self) -> None:
        """Write the members after the first: its embeddings with noise of their own."""
        from tf_happywhale.retrieval.embeddings import load_embeddings, save_embeddings

        own = self.output / "rehearsal-round1" / "fold0" / "embeddings"
        for number in range(1, MEMBERS):
            for n, split in enumerate(("train", "test")):
                file = self.member(number) / f"{split}.npz"
                if file.is_file():
                    continue
                found = load_embeddings(own / f"{split}.npz")
                rows = np.array(found.embedding, np.float32)
                noise = np.random.default_rng([number, n]).standard_normal(rows.shape, np.float32)
                rows += 0.5 * rows.std() * noise
                about = found.about | {"model": f"{found.about['model']}-{number}"}
                file.parent.mkdir(parents=True, exist_ok=True)
                save_embeddings(file, type(found)(rows, found.image, found.individual_id, about))

    def stage(self, name: str, command: list[str]) -> None:
        """Run a command unless it was run; if it is one of `STOP_AFTER`, stop and resume it."""
        if name in self.stages:
            return
        log = self.home / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        taken = {"seconds": 0.0, "cpu_seconds": 0.0, "memory": 0}
        if name in STOP_AFTER:
            stopped = run(command, log, until=STOP_AFTER[name])
            taken = {key: stopped[key] for key in taken}
            taken["stopped"] = stopped["status"]  # 0: it was done before it could be stopped
        done = run(command, log)
        if done["status"]:
            sys.exit(f"{name} ended with status {done['status']}: see {log}")
        for key in ("seconds", "cpu_seconds"):
            taken[key] += done[key]
        taken["memory"] = max(taken["memory"], done["memory"])
        self.keep(name, taken)

    def keep(self, name: str, taken: dict) -> None:
        files = [p for p in self.home.rglob("*") if p.is_file() and not p.is_symlink()]
        taken |= {"files": len(files), "bytes": sum(p.stat().st_size for p in files)}
        self.stages[name] = taken
        self.file.write_text(json.dumps(self.stages, indent=1))
        print(line(name, taken), flush=True)


def run(command: list[str], log: Path, until: bytes | None = None) -> dict:
    """Run a command of the package; with `until`, a pattern, stop it when this was printed.

    Returns `status`, `seconds`, `cpu_seconds` (of all its processes), and `memory`, the peak of its
    largest process in bytes.
    """
    started = time.monotonic()
    words = [sys.executable, "-m", f"tf_happywhale.{command[0]}", *command[1:]]
    before = log.stat().st_size if log.is_file() else 0
    with log.open("ab") as file:
        process = subprocess.Popen(
            words, cwd=ROOT, stdout=file, stderr=file, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
    if until is not None:
        said = (process, log, until, before)
        threading.Thread(target=_stop, args=said, daemon=True).start()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {
        "status": process.returncode,
        "seconds": time.monotonic() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * 1024,
    }


def _stop(process: subprocess.Popen, log: Path, until: bytes, before: int) -> None:
    """Stop a process when `until` is found behind the first bytes of its log."""
    while process.returncode is None:
        time.sleep(0.2)
        if re.search(until, log.read_bytes()[before:]):
            process.send_signal(signal.SIGTERM)
            return


def line(name: str, taken: dict) -> str:
    memory = f"{taken['memory'] / 2**20:7.0f} MB" if "memory" in taken else " " * 10
    return (
        f"{name:45} {taken['seconds']:8.1f} s {memory} "
        f"{taken['bytes'] / 2**20:8.0f} MB {taken['files']:8} files"
    )


def print_growth(roads: list[Road]) -> None:
    """Print what each stage takes at each share, and how that grows between the last two: the
    processor's seconds, since other work on the machine changes them least, and the memory."""
    sizes = [road.images() for road in roads]
    print(f"\n{'images of the catalogue':40}" + "".join(f"{n:>20,}" for n in sizes) + "  exponents")
    for name in roads[-1].stages:
        of = [road.stages.get(name, {}) for road in roads]
        print(f"{name:40}" + "".join(f"{cell(one):>20}" for one in of) + exponents(of, sizes))


def cell(taken: dict) -> str:
    if "memory" not in taken:
        return ""
    return f"{taken['cpu_seconds']:.1f} s {taken['memory'] / 2**20:6.0f} MB"


def exponents(of: list[dict], sizes: list[int]) -> str:
    """Return how the seconds and the memory grow with the images between the last two sizes."""
    if len(of) < 2 or not all("memory" in taken for taken in of[-2:]):
        return ""
    growth = math.log(sizes[-1] / sizes[-2])
    both = [math.log(of[-1][key] / of[-2][key]) / growth for key in ("cpu_seconds", "memory")]
    return "  " + " ".join(f"{value:5.2f}" for value in both)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--share", type=Fraction, nargs="+", default=[Fraction(1)], metavar="F")
    parser.add_argument("--output", type=Path, default=ROOT / "output" / "rehearsal")
    parser.add_argument("--again", nargs="+", default=[], metavar="STAGE")
    parser.add_argument("--quick", action="store_true", help="1/256 of it, to try the road")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    args = parser.parse_args()
    roads = []
    for share in [Fraction(1, 256)] if args.quick else sorted(args.share):
        print(f"\n{share} of Happywhale's counts")
        road = Road(args.output.resolve() / str(share).replace("/", "-"), float(share))
        road.forget(args.again)
        road.walk()
        roads.append(road)
    print_growth(roads)
    if args.json:
        every = {str(road.share): road.stages for road in roads}
        args.json.write_text(json.dumps(every, indent=1))


if __name__ == "__main__":
    main()
