"""The scripts of tfrecords/, run on the pod."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from tests.conftest import QUICK
from tf_happywhale import train
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import load_experiment
from tf_happywhale.records.evaluation_reader import evaluation_batches
from tf_happywhale.records.manifest import read_manifest, verify
from tf_happywhale.records.plan import plan_records

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted((ROOT / "tfrecords").glob("*.sh"))
SOURCES = {
    "fullbody_512": ["fullbody"],
    "fullbody_768": ["fullbody"],
    "backfin_768": ["backfin"],
    "all_768": ["fullbody", "backfin", "whole"],
}


# Puts down what it was asked to do, in place of Python, which takes seconds to load TensorFlow.
NOTES = """#!/usr/bin/env bash
printf '%s\\0' "$@" >> "$NOTED"
printf '\\n\\0' >> "$NOTED"
"""


def as_a_person_starts_it(script: Path, words: list[str], **variables: str) -> str:
    """Run a script, and return what it says."""
    done = subprocess.run(
        ["bash", str(script), *words],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env=os.environ | {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT)} | variables,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_process(script: Path, words: list[str], folder: Path) -> str:
    """Do the commands that a script gives to Python in this process, and return what they say."""
    stand_in, noted = folder / "python", folder / "noted"
    stand_in.write_text(NOTES)
    stand_in.chmod(0o755)
    as_a_person_starts_it(script, words, PYTHON=str(stand_in), NOTED=str(noted))
    lines = [line.split("\0") for line in noted.read_text().split("\0\n\0") if line]
    said = StringIO()
    for minus_m, module, *arguments in lines:
        assert minus_m == "-m"
        with redirect_stdout(said), pytest.MonkeyPatch.context() as patch:
            patch.chdir(ROOT)
            patch.setattr(sys, "argv", [module, *arguments])
            with pytest.raises(SystemExit) as ended:
                runpy.run_module(module, run_name="__main__")
        assert ended.value.code == 0
    return said.getvalue()


@pytest.mark.usefixtures("small_network_trained")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_writes_its_set_and_a_model_trains_on_it(
    script: Path, pod: Path, tmp_path: Path
) -> None:
    places = [f"data.root={pod}", f"records.dir={tmp_path / 'records'}", "data.folds=3"]
    words = [*places, f"output={tmp_path / 'out'}"]
    if script.stem == "all_768":
        said = as_a_person_starts_it(script, words)
    else:
        said = in_process(script, words, tmp_path)
    assert "every shard is as it was written" in said
    (folder,) = (tmp_path / "records").glob("*/")
    manifest = read_manifest(folder)
    size = int(script.stem.rpartition("_")[2])
    assert (manifest["size"], manifest["sources"]) == (size, SOURCES[script.stem])
    data = load_data(load_experiment(None, [*places, f"output={tmp_path / 'out'}"]))
    assert verify(folder) == {"train": len(data.images), "test": len(data.test_images)}
    names = sorted(path.name for path in folder.glob("*.tfrec"))
    counts = [int((data.folds == fold).sum()) for fold in range(3)]
    assert names == sorted(
        [
            *(f"pod-train-f{fold}-s000-{count}.tfrec" for fold, count in enumerate(counts)),
            f"pod-test-f0-s000-{len(data.test_images)}.tfrec",
        ]
    )
    experiment = load_experiment(
        None,
        [
            *QUICK, *places, f"output={tmp_path / 'out'}", f"records.size={size}",
            f"records.source={manifest['sources'][0]}",
            f"records.more_sources=[{', '.join(manifest['sources'][1:])}]",
            *(["augment.crops={fullbody: 0.6, backfin: 0.35, whole: 0.05}"]
              if len(manifest["sources"]) > 1 else []),
        ],
    )  # fmt: skip
    assert plan_records(experiment, load_data(experiment)).folder == folder
    pictures, _, _ = next(
        evaluation_batches(
            folder, "train", data.images, size=size, batch_size=2
        ).as_numpy_iterator()
    )
    assert pictures.shape == (2, size, size, 3)
    if script.stem == "all_768":  # the others' training differs in nothing
        train.main(experiment)
        assert (Path(experiment.output) / "quick" / "fold0" / "model.keras").is_file()


def test_every_set_has_its_script() -> None:
    assert {path.stem for path in SCRIPTS} == set(SOURCES)
