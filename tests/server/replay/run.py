"""Ask a running server everything that a description allows, and much that it does not.

A server is started with a drawn catalogue's gallery. Schemathesis replays what other programs
expect of POST /match (match_contract.yaml), with all of its checks; and then the server's own
/openapi.json, without what starts long jobs. Status 1: something failed, or was never asked.

    python -m tests.server.replay.run
    python -m tests.server.replay.run --examples 20 --keep HOME
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server.replay.photographs import photograph

HERE = Path(__file__).parent
# Long jobs, what needs no token, and folders of this machine, of which random names do not exist.
LONG = r"(identify$|/add$|/v1/gallery|/v1/training|/v1/exports|/v1/model|/health|/choose$)"
WANTED = {200, 401, 422}  # that the contract's replay must have seen
FORM = (
    b'--a\r\nContent-Disposition: form-data; name="images"; filename="x.jpg"\r\n\r\n'
    + photograph("RGB", 99, 32, 32, "JPEG")
    + b"\r\n--a--\r\n"
)
# A description cannot say which trips and folders there are.
UNSAID = "positive_data_acceptance"


def make_home(home: Path) -> None:
    """Draw a small catalogue, and build its gallery with ImageNet features."""
    import tf_happywhale as hw
    from tf_happywhale.catalogue.photographs.own_output import mark_own_output
    from tf_happywhale.catalogue.pod.layout import write_pod
    from tf_happywhale.config import Pod

    home.mkdir(parents=True, exist_ok=True)
    mark_own_output(home)
    pod = home.parent / "pod"
    settings = Pod(individuals=10, new_individuals=2, mean_images=4, width=300, height=200)
    write_pod(pod, settings, seed=5, workers=2)
    hw.build_gallery(None, pod, home / "gallery", f"output={home / 'identified'}",
                     "match.use=never", "records.source=whole")  # fmt: skip


@contextmanager
def served(home: Path) -> Iterator[tuple[str, str]]:
    """Yield the address and the token of a server."""
    words = ["-m", "tf_happywhale.serve", str(home), "server.port=0"]
    server = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    try:
        yield wait_for(home, server)
    finally:
        server.terminate()
        server.wait(30)


def wait_for(home: Path, server: subprocess.Popen, seconds: float = 600) -> tuple[str, str]:
    """Return address and token once the server has loaded its model."""
    file, until = home / "address", time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        time.sleep(1)
        if not file.is_file():
            continue
        address, token = (
            (home / name).read_text(encoding="utf-8").strip() for name in ("address", "token")
        )
        asked = urllib.request.Request(f"{address}/match", FORM, {
            "Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=a",
        })  # fmt: skip
        try:
            with urllib.request.urlopen(asked):
                return address, token
        except OSError:  # it does not listen yet, or its model is being loaded
            continue
    raise SystemExit("the server does not answer")


def replay(what: str, server: tuple[str, str], report: Path, words: list[str]) -> int:
    """Run Schemathesis, and return its status."""
    address, token = server
    command = [
        str(Path(sys.prefix) / "bin/st"), "run", what, "--url", address,
        "-H", f"Authorization: Bearer {token}", "--checks", "all", "--continue-on-failure",
        "--report", "ndjson", "--report-ndjson-path", str(report), *words,
    ]  # fmt: skip
    here = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    # It keeps what it has found in the folder that it runs in.
    return subprocess.run(command, env=here, cwd=report.parent, check=False).returncode


def statuses(report: Path) -> Counter:
    """Return how often each status was answered, by what Schemathesis wrote."""
    found: Counter = Counter()

    def look(part: object) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("status_code"), int):
                found[part["status_code"]] += 1
            for each in part.values():
                look(each)
        elif isinstance(part, list):
            for each in part:
                look(each)

    for line in report.read_text(encoding="utf-8").splitlines():
        look(json.loads(line))
    return found


def main() -> None:
    """Replay both descriptions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=100, help="of each way to ask (100)")
    parser.add_argument("--keep", type=Path, metavar="HOME", help="a home folder with a gallery")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = args.keep or Path(name) / "home"
        if not args.keep:
            make_home(home)
        with served(home) as server:
            report = Path(name) / "contract.ndjson"
            examples = ["--max-examples", str(args.examples)]
            failed = replay(str(HERE / "match_contract.yaml"), server, report, examples)
            seen = statuses(report)
            fewer = ["--max-examples", str(max(args.examples // 10, 5)), "--exclude-checks", UNSAID,
                     "--phases", "coverage,fuzzing", "--exclude-path-regex", LONG]  # fmt: skip
            failed |= replay(f"{server[0]}/openapi.json", server, Path(name) / "all.ndjson", fewer)
    print(f"POST /match answered {dict(sorted(seen.items()))}")
    if missing := WANTED - set(seen):
        print(f"POST /match never answered {sorted(missing)}")
    sys.exit(bool(failed or missing))


if __name__ == "__main__":
    main()
