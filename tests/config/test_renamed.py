"""Names of earlier versions, in configs, on the command line, and in old run folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.config import dump_experiment, keys, load_dumped, load_experiment
from tf_happywhale.config.renamed import REMOVED, VALUES, as_before, renewed
from tf_happywhale.messages import say_once

OLD = ["rank.preset=seed", "rank.new=seed", "train.schedule=seed"]
NEW = ["rank.preset=original", "rank.new=first_or_second", "train.schedule=original"]


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    say_once.cache_clear()


def test_an_old_value_is_read_and_its_new_name_is_said_once(capsys) -> None:
    assert load_experiment(None, OLD) == load_experiment(None, NEW)
    load_experiment(None, OLD)
    assert capsys.readouterr().out.splitlines() == [
        "rank.preset=seed is now called rank.preset=original",
        "rank.new=seed is now called rank.new=first_or_second",
        "train.schedule=seed is now called train.schedule=original",
    ]


def test_an_old_value_is_read_in_a_file_a_section_and_a_variant(tmp_path: Path, capsys) -> None:
    file = tmp_path / "old.yaml"
    file.write_text("rank: {new: seed}\nvariants: [{name: a, rank.preset: seed}]\n")
    experiment = load_experiment(file, ["train={schedule: seed}"])
    assert experiment.rank.new == "first_or_second"
    assert experiment.train.schedule == "original"
    assert experiment.variants == ({"name": "a", "rank.preset": "original"},)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_an_old_run_folders_config_is_read_in_silence(tmp_path: Path, capsys) -> None:
    today = load_experiment(None, NEW)
    text = dump_experiment(today)
    old = text.replace(": original", ": seed").replace(": first_or_second", ": seed")
    assert (old.count(": seed"), text.count(": seed")) == (3, 0)
    file = tmp_path / "config.yaml"
    file.write_text(old)
    assert load_dumped(file) == today
    assert capsys.readouterr().out == ""
    load_dumped(file, ["rank.preset=seed"])
    assert "rank.preset=seed is now called" in capsys.readouterr().out


@pytest.mark.parametrize("engine", ["sklearn", "faiss"])
def test_a_value_that_is_gone_is_said_once(engine: str, capsys) -> None:
    assert load_experiment(None, [f"rank.engine={engine}"]).rank.engine == "auto"
    assert capsys.readouterr().out == f"rank.engine={engine} is gone; rank.engine=auto is used\n"


def test_a_text_that_only_looks_old_stays() -> None:
    assert load_experiment(None, ["name=seed", "output=seed"]).output == "seed"


def test_what_earlier_versions_stamped_is_known() -> None:
    today = load_experiment(None, NEW).model_dump(mode="json")
    before = as_before(today)
    assert (
        before["rank"]["new"] == before["rank"]["preset"] == before["train"]["schedule"] == "seed"
    )
    assert renewed(before) == today


def test_a_key_that_is_gone_is_told_if_it_was_set_and_left_out(tmp_path: Path, capsys) -> None:
    assert load_experiment(None, ["train.shuffle_buffer=16"]) == load_experiment(None)
    assert capsys.readouterr().out == (
        "train.shuffle_buffer no longer does anything (8192 is used): remove it\n"
    )
    file = tmp_path / "old.yaml"
    file.write_text("train: {shuffle_buffer: 8192}\naugment: {blur_size: [3, 7]}\n")
    assert load_experiment(file) == load_experiment(None)
    file.write_text("variants: [{name: a, augment.blur_size: '[5, 9]'}]\n")
    assert load_experiment(file).variants == ({"name": "a"},)
    assert "augment.blur_size no longer does anything" in capsys.readouterr().out


def test_no_key_that_is_gone_is_a_key() -> None:
    assert not REMOVED.keys() & dict(keys()).keys()
    assert {key for key, _ in VALUES} <= dict(keys()).keys()
