"""A notebook's experiment: on Kaggle with what is attached to it, elsewhere as a command has it.

Each notebook on Kaggle is a machine of its own. It reads what is attached to it, somewhere below
`input/` and read-only, and what it leaves in `working/` can be attached to the next one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.backend import set_backend
from tf_happywhale.config import Experiment, dump_experiment, load_experiment
from tf_happywhale.derived import with_derived
from tf_happywhale.disk.files import write_text
from tf_happywhale.disk.temporary import is_temporary
from tf_happywhale.places import output_folder, records_home

KEPT = "experiment.yaml"  # in the output folder, by which the next notebook knows it
HOURS = 8  # Kaggle ends a session on a TPU after 9
DEPTHS = range(1, 5)  # input/NAME, input/competitions/NAME, input/notebooks/OWNER/NAME/FOLDER


def choose_backend() -> str:
    """Have Keras run on what can use the TPU, where there is one, and say on which library that is.

    To be called before Keras is imported; a `KERAS_BACKEND` that is set already stays.

    Raises:
        ConfigError: as `set_backend`.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return set_backend("auto")


def notebook_experiment(
    configs: Path, name: str, keys: Sequence[str], kaggle: Path = Path("/kaggle")
) -> Experiment:
    """The experiment that a notebook works on; says on what and where to.

    On Kaggle photographs that are attached become `data.root`, the output goes to
    `working/<name>`, training stops in time, and what an earlier notebook left there, if it is
    attached, is taken over: its records stay where they are, all else is copied. Anywhere, boxes
    that the detector has drawn are used. What `keys` say goes before all this.

    Args:
        configs: folder of the config files.
        name: of the config, without its ending; empty: original_b0_512 where photographs are
            attached, else demo.
        keys: further changes, as `key=value`.
        kaggle: folder of `input/` and `working/`; without the latter this is not Kaggle.

    Raises:
        ConfigError: no such config or key, as `load_experiment`.
    """
    here: list[str] = []
    photographs = [folder.parent for folder in _attached(kaggle, "train_images")]
    photographs = [root for root in photographs if not (root / "pod.json").is_file()]
    if photographs:
        here.append(f"data.root={photographs[-1]}")
    config = configs / f"{name or ('original_b0_512' if photographs else 'demo')}.yaml"
    if (kaggle / "working").is_dir():
        first = load_experiment(config, [*here, *keys])
        here += [f"output={kaggle / 'working' / first.name}", f"train.max_hours={HOURS}"]
        here += _take_over(load_experiment(config, [*here, *keys]), kaggle)
    experiment = load_experiment(config, [*here, *keys])
    boxes = output_folder(experiment).absolute() / "detector" / "boxes.csv"
    if experiment.data.boxes is None and boxes.is_file():
        experiment = load_experiment(config, [*here, f"data.boxes={boxes}", *keys])
    if boxes.is_file() or not experiment.detect.models:  # else they are still to be drawn
        experiment = with_derived(experiment)
    write_text(output_folder(experiment) / KEPT, dump_experiment(experiment))
    print(
        f"{experiment.name}: {experiment.data.root or 'the synthetic pod'}, "
        f"{experiment.model.backbone} at {experiment.image_size} pixels; records in "
        f"{records_home(experiment)}, all else in {output_folder(experiment)}"
    )
    return experiment


def _take_over(experiment: Experiment, kaggle: Path) -> list[str]:
    """Copy what earlier notebooks have left of this experiment, unless this one has begun already;
    the key that says where their records are. `KEPT` is written when all has come."""
    output, keys = output_folder(experiment), []
    earlier = [file.parent for file in _attached(kaggle, f"{experiment.name}/{KEPT}")]
    begun = (output / KEPT).is_file()
    for folder in earlier:
        if not begun:
            print(f"resuming from {folder}")
            shutil.copytree(
                folder, output, dirs_exist_ok=True,
                ignore=lambda at, names, top=folder: _left_out(Path(at) == top, names),
            )  # fmt: skip
        if list(folder.glob("records/*/COMPLETE")):
            keys = [f"records.dir={folder / 'records'}"]
    return keys


def _left_out(on_top: bool, names: list[str]) -> set[str]:
    """What is not copied: records (they are read in place), locks, and half-written files."""
    half = {name for name in names if name.startswith(".") and name.endswith((".lock", ".held"))}
    half |= {name for name in names if is_temporary(name)}
    return half | ({"records", KEPT} if on_top else set())


def _attached(kaggle: Path, path: str) -> list[Path]:
    """Where this file or folder is in what is attached, the latest last."""
    found = [file for depth in DEPTHS for file in (kaggle / "input").glob("*/" * depth + path)]
    return sorted(found, key=lambda file: (file.stat().st_mtime, file))
