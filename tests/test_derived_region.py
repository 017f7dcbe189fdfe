"""The derived model.region: what is said, and what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tf_happywhale import derived_region
from tf_happywhale.config import Experiment
from tf_happywhale.derived_region import REMEMBERED, as_setting, remembered, seek_region
from tf_happywhale.errors import InputError
from tf_happywhale.training.best_region import Sought

PART = Sought("abc", [0.25, 0.0, 1.0, 0.75], "it pays")
NONE = Sought("abc", None, "no part pays")


def raising(error: Exception):
    def best_region(experiment, before):
        raise error

    return best_region


@pytest.mark.parametrize(
    ("found", "said"), [(PART, ""), (None, ""), (NONE, "model.region stays null: no part pays\n")]
)
def test_only_that_no_part_pays_is_said(found, said: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(derived_region, "best_region", lambda experiment, before: found)
    assert seek_region(Experiment(), None) is found
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (InputError("The weights cannot be had."), "The weights cannot be had."),
        (ModuleNotFoundError("no", name="keras"), "the package keras is not installed"),
    ],
)
def test_the_other_settings_do_without(error, why: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(derived_region, "best_region", raising(error))
    assert seek_region(Experiment(), None) is None
    assert f"model.region is not sought: {why}" in capsys.readouterr().out


def test_workers_do_not_seek(monkeypatch, capsys) -> None:
    monkeypatch.setenv("TF_CONFIG", "{}")
    monkeypatch.setattr(derived_region, "best_region", raising(AssertionError()))
    assert seek_region(Experiment(), None) is None
    assert "TF_CONFIG" in capsys.readouterr().out


def test_what_pays_is_a_setting() -> None:
    assert as_setting(PART) == ("model.region", [0.25, 0.0, 1.0, 0.75], "it pays")
    assert as_setting(NONE) is None and as_setting(None) is None


@pytest.mark.parametrize("sought", [PART, NONE])
def test_it_is_remembered(sought: Sought, tmp_path: Path) -> None:
    file = tmp_path / "derived.yaml"
    tree = {"asked": sought.asked, "region": sought.region, "why": sought.why}
    file.write_text(yaml.safe_dump({REMEMBERED: tree}))
    assert remembered(file) == sought


@pytest.mark.parametrize(
    "text",
    ["", "a: 1", "{{", "sought_region: 3", "sought_region: {asked: a, region: [1], why: b}",
     "sought_region: {asked: a, region: [a, b, c, d], why: b}", "sought_region: {asked: a}"],
)  # fmt: skip
def test_what_is_damaged_is_sought_again(text: str, tmp_path: Path) -> None:
    (tmp_path / "derived.yaml").write_text(text)
    assert remembered(tmp_path / "derived.yaml") is None
    assert remembered(tmp_path / "none.yaml") is None
