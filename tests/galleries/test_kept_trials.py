"""Trials of local matching that a gallery keeps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.galleries.kept_trials import TRIALS, Trial, keep_trial, load_trial
from tf_happywhale.retrieval.teaching.matching_pays import Pays

NAME = "0123456789abcdef" * 4
TRIAL = Trial(Pays(0.5, 0.75, 40, 0.125, 0.375, True), 20, 1.5)


def test_a_trial_is_read_as_it_was_kept(tmp_path: Path) -> None:
    assert load_trial([tmp_path], NAME) is None
    keep_trial([tmp_path / "a", tmp_path / "b"], NAME, TRIAL)
    assert load_trial([tmp_path / "a"], NAME) is None
    assert load_trial([tmp_path / "a", tmp_path / "b"], NAME) == TRIAL


def test_what_is_not_known_stays_so(tmp_path: Path) -> None:
    keep_trial([tmp_path], NAME, Trial(Pays(float("nan"), float("nan"), 0), 20, float("nan")))
    found = load_trial([tmp_path], NAME)
    assert found is not None and np.isnan([found.seconds, found.pays.gain, found.pays.low]).all()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        *[("pays", {}), ("pays", 3), ("pays", None), ("size", "many"), ("seconds", "long")],
        *[("alone", []), ("matched", "well"), ("questions", None), ("nobody", 1), ("low", [])],
    ],
)
def test_a_damaged_trial_is_none_and_the_next_home_counts(tmp_path: Path, part, value) -> None:
    for home in ("a", "b"):
        keep_trial([tmp_path / home], NAME, TRIAL)
    (file,) = (tmp_path / "a" / TRIALS).iterdir()
    said = json.loads(file.read_text())
    (said if part in said else said["pays"])[part] = value
    file.write_text(json.dumps(said))
    assert load_trial([tmp_path / "a"], NAME) is None
    assert load_trial([tmp_path / "a", tmp_path / "b"], NAME) == TRIAL
    for text in ("", "[]", "3", "null", "{"):
        file.write_text(text)
        assert load_trial([tmp_path / "a"], NAME) is None
