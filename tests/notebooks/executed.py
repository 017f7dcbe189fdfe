"""The four notebooks in Jupyter, top to bottom, on the synthetic pod: run by `make notebooks`.

They leave build/notebooks/<backend>/ with their outputs and output/notebooks/<backend>/ with a
submission, where the backend is Keras' (`KERAS_BACKEND`). Where `make demo` has been run, their
score must be within .03 of its. Not collected by pytest, since it trains for minutes. Arguments are
further keys of the config.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
DONE = ROOT / "build" / "notebooks" / BACKEND
OUTPUT = ROOT / "output" / "notebooks" / BACKEND
DEMO = ROOT / "output" / "demo" / "metrics.json"
NEAR = 0.03


def main(keys: list[str]) -> None:
    """Execute the notebooks, and compare their score with the demo's."""
    os.environ["HAPPYWHALE_CONFIG"] = "demo"
    os.environ["HAPPYWHALE_KEYS"] = shlex.join([f"output={OUTPUT}", *keys])
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        execute(file)
    score = answers(OUTPUT / "metrics.json")
    print(f"the notebooks' submission: mAP@5 {score:.3f}; look at {DONE}")
    if keys or not DEMO.is_file():
        print("not compared with the demo's: that needs `make demo` before, and no other keys")
        return
    demo = answers(DEMO)
    print(f"the demo's: {demo:.3f}")
    if abs(score - demo) > NEAR:
        sys.exit(f"The two are further apart than {NEAR}.")


def execute(file: Path) -> None:
    """Run one notebook in a kernel of its own and keep it with its outputs, finished or not."""
    started = time.monotonic()
    notebook = nbformat.read(file, as_version=4)
    client = NotebookClient(
        notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": file.parent}}
    )
    try:
        client.execute()
    finally:
        DONE.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, DONE / file.name)
    print(f"{file.name}: {time.monotonic() - started:.0f} s", flush=True)


def answers(metrics: Path) -> float:
    """mAP@5 on the pod's answers."""
    return json.loads(metrics.read_text(encoding="utf-8"))["test"]["map5"]


if __name__ == "__main__":
    main(sys.argv[1:])
