"""Every file call of every command fails once, in each way: `make test-faults`.

For each point the command runs on a copy of a folder that holds earlier work. Then: what was there
is whole, or its successor is; the command has failed with one sentence that names a file (or has
done its work all the same); nothing half-written bears a final name. The same command, run again,
leaves what an undisturbed one leaves, and no temporary files.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults import injector
from tests.faults.scenarios import Folders, NotUndisturbed, Scenario, draw, scenarios
from tests.faults.trees import snapshot
from tests.faults.trial import Ended, run

WORKERS = 2
# What a stopped command resumes from; it is worth nothing by itself.
WORKING = ("*/log.jsonl", "*/log.csv", "*/checkpoints/*", "*/.stages/*", "*/fold0/training/*")
TEMPORARY = ("*.partial*", "*/.*.before/*")
# Temporary files of one name, which are written over; what TensorFlow could not remove.
REUSED = ("*/.part.npz", "*/.points.npz", "*/.pairs.npz", "*/.change.json", "*/variables_temp/*")
# How long it took is unknown if the next command puts a training in its place.
REUSED += ("*/.stages/train-*",)
# Kept beside the model to save time, if that folder may be written to.
KEPT = ("*/fold0/new_individuals.json",)


def main() -> None:
    """Parse the arguments, start again with the shim, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("only", nargs="*", help="scenarios whose name begins so; all by default")
    parser.add_argument("--most", type=int, help="faults of a scenario, spread over all of them")
    parser.add_argument("--quick", action="store_true", help="scenarios without TensorFlow only")
    parser.add_argument("--fault", nargs="*", choices=injector.FAULTS, default=[*injector.FAULTS])
    parser.add_argument("--verbose", action="store_true", help="the calls of each command too")
    given = parser.parse_args()
    if injector.compiler() is None:
        sys.exit("a C compiler (cc) on Linux is needed to let file calls fail: install gcc")
    with TemporaryDirectory(prefix="faults-") as folder:
        home = Path(folder).resolve()
        if not injector.is_loaded():
            library = injector.build(home)
            environment = os.environ | {"LD_PRELOAD": str(library), "CUDA_VISIBLE_DEVICES": ""}
            environment |= {
                "TQDM_DISABLE": "1",
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "TF_ENABLE_ONEDNN_OPTS": "0",
            }
            command = [sys.executable, "-m", "tests.faults", *sys.argv[1:]]
            code = os.spawnve(os.P_WAIT, sys.executable, command, environment)
            sys.exit(code)
        sys.exit(try_all(home, given))


def try_all(home: Path, given: argparse.Namespace) -> int:
    """The exit status: 1 where a point has failed."""
    _apart(lambda: draw(home / "drawn"))
    chosen = [
        each
        for each in scenarios(home / "drawn")
        if (not given.only or any(each.name.startswith(name) for name in given.only))
        and (each.quick or not given.quick)
    ]
    _import_all()
    folders, failed, rows = Folders(home), 0, []
    for scenario in chosen:
        started = time.monotonic()
        try:
            counts = try_one(scenario, folders, given)
        except NotUndisturbed as error:
            print(f"! {scenario.name}: {error}", flush=True)
            counts = {"calls": 0, "tried": 0, "overcome": 0, "failed": 1}
        failed += counts["failed"]
        seconds = time.monotonic() - started
        rows.append([scenario.name, *map(str, counts.values()), f"{seconds:.0f}"])
        print("\t".join(rows[-1]), flush=True)
    heading = ["command", "calls", "tried", "done all the same", "failed", "seconds"]
    widths = [max(len(row[k]) for row in [heading, *rows]) for k in range(len(heading))]
    print()
    for row in [heading, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells))
    return 1 if failed else 0


def try_one(scenario: Scenario, folders: Folders, given: argparse.Namespace) -> dict[str, int]:
    """How many calls a command makes, how many faults were tried, and how many of them failed."""
    before = folders.before(scenario)
    made = []
    for name in ("first", "second"):
        folder = folders.home / f"{name} of {scenario.name}"
        shutil.copytree(before, folder)
        ended = run(scenario.command, folder)
        if ended.status:
            raise NotUndisturbed(f"{scenario.command} ended with {ended.status}: {ended.said}")
        made.append(snapshot(folder))
        shutil.rmtree(folder)
    varying = {name for name in made[0] if made[0][name] != made[1].get(name)}
    if given.verbose:
        print("\n".join(call.replace(str(folder), ".") for call in ended.calls))
    if varying:
        print(f"# {scenario.name}: differs from run to run: {', '.join(sorted(varying))}")
    count = len(ended.calls)
    points = _points(ended.calls, str(folder), given.fault, given.most)
    there, done = snapshot(before), made[0]

    def worker(number: int) -> None:
        with (folders.home / f"results {number}").open("w") as file:
            for place, (at, fault) in enumerate(points[number::WORKERS]):
                folder = folders.home / f"try {number}-{place}"
                shutil.copytree(before, folder)
                overcome, wrong = _try(scenario, folder, at, fault, there, done, varying)
                shutil.rmtree(folder, ignore_errors=True)
                file.write(json.dumps([at, fault, overcome, wrong]) + "\n")
                file.flush()

    children = [_fork(lambda number=number: worker(number)) for number in range(WORKERS)]
    for child in children:
        if os.waitpid(child, 0)[1]:
            raise RuntimeError("a worker has ended with an error")
    found = []
    for number in range(WORKERS):
        lines = (folders.home / f"results {number}").read_text().splitlines()
        found += [json.loads(line) for line in lines]
    for at, fault, _, wrong in sorted(found):
        for sentence in wrong:
            print(f"! {scenario.name}, call {at}, {fault}: {sentence}", flush=True)
    return {
        "calls": count,
        "tried": len(found),
        "overcome": sum(overcome for *_, overcome, _ in found),
        "failed": sum(bool(wrong) for *_, wrong in found),
    }


def _points(
    calls: list[str], folder: str, faults: list[str], most: int | None
) -> list[tuple[int, str]]:
    """Numbers of calls with faults: every fault at the first call of its kind on a file, and one
    in turn at the others, such as the hundredth write to the same file."""
    seen, points = set(), []
    for number, call in enumerate(calls, start=1):
        kind = re.sub(r"\d{3,}-[0-9a-f]{6}", "", call.replace(folder, ""))
        points += [(number, each) for each in faults if kind not in seen] or [
            (number, faults[number % len(faults)])
        ]
        seen.add(kind)
    return points[:: max(1, len(points) // most)] if most else points


def _try(
    scenario: Scenario,
    folder: Path,
    at: int,
    fault: str,
    before: dict[str, str],
    done: dict[str, str],
    varying: set[str],
) -> tuple[bool, list[str]]:
    """Whether the command did its work all the same, and what is wrong."""
    ended = run(scenario.command, folder, at, injector.FAULTS[fault])
    if not ended.calls:
        return True, []  # it made fewer calls this time
    call = ended.calls[0].replace(str(folder), ".")
    after = snapshot(folder)
    wrong = _not_whole(before, after, done, varying)
    overcome = ended.status == 0
    if overcome:
        without = {name: content for name, content in done.items() if not _matches(name, KEPT)}
        found = {name: content for name, content in after.items() if not _matches(name, KEPT)}
        wrong += [f"success, but {each}" for each in _differences(found, without, varying)]
    elif fault != "kill":
        wrong += _not_a_sentence(ended, call)
    elif ended.status != -9:
        wrong.append(f"killed, but it ended with {ended.status}: {ended.said[-200:]!r}")
    again = run(scenario.command, folder)
    if overcome and again.status:  # such as: there is a gallery already
        return overcome, [f"{call}: {each}" for each in wrong]
    if again.status and not _is_there(scenario, after, done):
        wrong.append(f"run again it ends with {again.status}: {again.said[-1000:]!r}")
    wrong += [f"run again, {each}" for each in _differences(snapshot(folder), done, varying)]
    return overcome, [f"{call}: {each}" for each in wrong]


def _is_there(scenario: Scenario, after: dict[str, str], done: dict[str, str]) -> bool:
    """Whether the stopped command had made, whole, a thing that it does not make twice."""
    once = ("exchange", "export", "gallery")
    return scenario.command[0] in once and not _differences(after, done, set())


def _not_whole(
    before: dict[str, str], after: dict[str, str], done: dict[str, str], varying: set[str]
) -> list[str]:
    """Sentences on files that are neither old nor new, and on files that are half-written."""
    wrong = []
    for name, content in before.items():
        if _matches(name, WORKING + TEMPORARY):
            continue
        if name not in after and name in done and not _elsewhere(name, after, content, done[name]):
            wrong.append(f"{name} is lost")
        elif (
            name in after
            and after[name] not in (content, done.get(name))
            and (name not in varying or after[name].startswith("torn"))
        ):
            wrong.append(f"{name} is neither old nor new ({after[name]})")
    for name, content in after.items():
        new = name not in before and not _matches(name, WORKING + TEMPORARY)
        if (
            new
            and content != done.get(name, content)
            and (name not in varying or content.startswith("torn"))
        ):
            wrong.append(f"{name} is half-written ({content})")
    return wrong


def _elsewhere(name: str, after: dict[str, str], *contents: str) -> bool:
    """Whether a whole file is being moved: the next command puts it in its place."""
    last = name.rsplit("/", 1)[-1]
    return any(content in contents for other, content in after.items() if other.endswith(last))


def _differences(after: dict[str, str], done: dict[str, str], varying: set[str]) -> list[str]:
    names = sorted(name for name in {*after, *done} - varying if not _matches(name, REUSED))
    wrong = [f"{name} is left behind" for name in names if name not in done]
    wrong += [f"{name} is missing" for name in names if name not in after]
    wrong += [
        f"{name} is another"
        for name in names
        if name in after and name in done and after[name] != done[name]
    ]
    return wrong[:4]


def _not_a_sentence(ended: Ended, call: str) -> list[str]:
    if "Traceback" in ended.said:
        return [f"a traceback: {ended.said[-600:]!r}"]
    lines = [line for line in ended.said.splitlines() if line.startswith("error: ")]
    if ended.status < 0 or len(lines) != 1:
        return [f"it ended with {ended.status} and says {ended.said[-400:]!r}"]
    path = Path(call.split(" ", 1)[1])
    names = [name.lstrip(".").split(".")[0] for name in (path.name, *path.parts)]
    if any(name and name in lines[0] for name in names) or "/try " in lines[0]:
        return []
    return [f"it names no file: {lines[0]!r}"]


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatch(f"/{name}", pattern) for pattern in patterns)


def _import_all() -> None:
    """Import what commands import, and put a small network in place of the real ones."""
    import tensorflow  # noqa: F401

    from tests import small_network
    from tests.faults import stand_ins

    stand_ins.install(small_network.build)


def _apart(work) -> None:
    if os.waitpid(_fork(work), 0)[1]:
        raise RuntimeError("a process has ended with an error")


def _fork(work) -> int:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            if status:
                import traceback

                traceback.print_exc()
            sys.stdout.flush()
            os._exit(status)
    return child


if __name__ == "__main__":
    main()
