"""The demo, then the four notebooks in Jupyter, top to bottom, on the same synthetic pod: run by
`make notebooks`.

They run on TensorFlow and then on JAX, or on what `KERAS_BACKEND` names alone; the demo always on
TensorFlow. What a run before has finished is not done again. They leave build/notebooks/<backend>/
with their outputs and output/notebooks/<backend>/ with a submission, whose score must be within .03
of the demo's. JAX draws other random numbers, so its training is another one: there the demo's
config is trained on TensorFlow with another seed too, and .03 below the lower score to .03 above
the higher will do. Not collected by pytest, since it trains for minutes. Arguments are further keys
of the config, of the demo's too, which then has a folder of its own.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "output"
DONE = ROOT / "build" / "notebooks"
BACKENDS = ("tensorflow", "jax")
NEAR = 0.03
OTHER_SEED = 8


def main(keys: list[str]) -> None:
    """Run all of it, and compare the scores; what is too far off, or not there, ends with an
    error."""
    asked = os.environ.get("KERAS_BACKEND")
    home = OUTPUT / ("notebooks/demo" if keys else "demo")
    scores = [on_tensorflow("demo", home, keys)]
    print(f"the demo's submission: mAP@5 {scores[0]:.3f}", flush=True)
    far = []
    for backend in [asked] if asked else BACKENDS:
        score = notebooks(backend, keys)
        print(f"the notebooks' on {backend}: mAP@5 {score:.3f}; look at {DONE / backend}")
        if backend == "jax":
            same_pod = [*keys, f"data.root={home / 'pod'}", f"seed={OTHER_SEED}"]
            scores.append(on_tensorflow("run", OUTPUT / "notebooks" / "other_seed", same_pod))
            print(f"the demo's config on TensorFlow, another seed: mAP@5 {scores[-1]:.3f}")
        if not min(scores) - NEAR <= score <= max(scores) + NEAR:
            far.append(backend)
    if far:
        sys.exit(f"The notebooks on {' and '.join(far)} are further than {NEAR} from the demo.")


def on_tensorflow(command: str, output: Path, keys: list[str]) -> float:
    """Run a command with the demo's config into a folder; its score."""
    line = [sys.executable, "-m", f"tf_happywhale.{command}", "configs/demo.yaml"]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    line += [f"output={output}", *keys]
    if subprocess.run(line, cwd=ROOT, env=environment, check=False).returncode:
        sys.exit(f"{command} has failed: there is nothing to compare the notebooks with.")
    return answers(output)


def notebooks(backend: str, keys: list[str]) -> float:
    """Execute the notebooks on a backend; their score."""
    output = OUTPUT / "notebooks" / backend
    os.environ["KERAS_BACKEND"] = backend
    os.environ["HAPPYWHALE_CONFIG"] = "demo"
    os.environ["HAPPYWHALE_KEYS"] = shlex.join([f"output={output}", *keys])
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        execute(file, DONE / backend)
    return answers(output)


def execute(file: Path, done: Path, folder: Path | None = None) -> None:
    """Run one notebook in a kernel of its own and keep it with its outputs, finished or not.

    Args:
        file: the notebook.
        done: is made; there it is kept.
        folder: where it runs; None: where it lies.
    """
    import nbformat
    from nbclient import NotebookClient

    started = time.monotonic()
    notebook = nbformat.read(file, as_version=4)
    resources = {"metadata": {"path": folder or file.parent}}
    client = NotebookClient(notebook, timeout=None, kernel_name="python3", resources=resources)
    try:
        client.execute()
    finally:
        done.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, done / file.name)
    print(f"{file.name}: {time.monotonic() - started:.0f} s", flush=True)


def answers(output: Path) -> float:
    """mAP@5 on the pod's answers, as `evaluate` has measured it."""
    try:
        metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
        return metrics["test"]["map5"]
    except (OSError, KeyError):
        sys.exit(f"{output / 'metrics.json'} has no score on the answers: nothing can be compared.")


if __name__ == "__main__":
    main(sys.argv[1:])
