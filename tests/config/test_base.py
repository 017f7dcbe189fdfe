"""`base:`, with which a config says only what differs from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.config import Experiment, dump_experiment, load_experiment
from tf_happywhale.config.loading import SHIPPED
from tf_happywhale.errors import ConfigError


@pytest.fixture
def load(tmp_path: Path):
    def written(*texts: str, overrides: tuple[str, ...] = ()) -> Experiment:
        """The experiment of 0.yaml, beside further files 1.yaml, 2.yaml, …"""
        for number, text in enumerate(texts):
            (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
        return load_experiment(tmp_path / "0.yaml", overrides)

    return written


def test_a_config_says_only_what_differs_from_its_base(load) -> None:
    found = load(
        "base: 1.yaml\nname: mine\ntrain: {epochs: 3}\n",
        "base: 2.yaml\ntrain: {epochs: 5, batch_size: 8}\nimage_size: 64\n",
        "name: first\ntrain: {epochs: 7, learning_rate: 1e-3}\nmodel: {backbone: b0}\n",
        overrides=("image_size=96",),
    )
    assert (found.name, found.image_size, found.model.backbone) == ("mine", 96, "b0")
    train = found.train
    assert (train.epochs, train.batch_size, train.learning_rate) == (3, 8, 1e-3)
    assert "base" not in dump_experiment(found)


def test_a_table_and_a_list_are_taken_whole(load) -> None:
    found = load(
        "base: 1.yaml\naugment: {crops: {fullbody: 1}}\nrecords: {more_sources: []}\n"
        "variants: [{name: a}]\n",
        "augment: {crops: {backfin: 1}}\nrecords: {more_sources: [backfin]}\n"
        "variants: [{name: b}, {name: c}]\n",
    )
    assert found.augment.crops == {"fullbody": 1}
    assert found.records.more_sources == ()
    assert found.variants == ({"name": "a"},)


def test_a_base_may_be_a_shipped_config(load) -> None:
    found = load("base: demo.yaml\nname: mine\n")
    shipped = load_experiment(SHIPPED / "demo.yaml")
    assert found == shipped.model_copy(update={"name": "mine"})


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["base: 0.yaml\n"], r"base is 0\.yaml in .*circle"),
        (["base: 1.yaml\n", "base: 0.yaml\n"], r"base is 0\.yaml in .*1\.yaml, .* circle"),
        (["base: absent.yaml\n"], r"no config file .*absent\.yaml"),
        (["base: [a]\n"], r"base is \['a'\] in .* must be the name"),
        (["base: 1.yaml\n", "train: {epoch: 3}\n"], "Unknown key 'train.epoch'"),
    ],
)
def test_a_base_that_cannot_be_is_refused_in_a_sentence(load, texts, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        load(*texts)
    assert "\n" not in str(refused.value)


def test_a_base_is_not_a_key_of_the_command_line() -> None:
    with pytest.raises(ConfigError, match="Unknown key 'base'"):
        load_experiment(None, ["base=demo.yaml"])
