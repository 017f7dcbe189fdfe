from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tf_happywhale.config import load_experiment
from tf_happywhale.training import best_region as module
from tf_happywhale.training.best_region import MOST_EACH, best_region, images_to_ask


@pytest.fixture
def bay(pod: Path, tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(module, "FEWEST", 8)
    return shutil.copytree(pod, tmp_path / "bay")


def of(bay: Path):
    return load_experiment(None, [f"data.root={bay}", f"output={bay.parent / 'out'}"])


def see(monkeypatch, unread: int = 0) -> list[int]:
    """Random features in place of a network's; returns how many pictures each call was given."""
    calls: list[int] = []

    def cells(paths, exponent, label):
        calls.append(len(paths))
        read = np.arange(len(paths)) >= unread
        return np.random.default_rng(0).random((4, 4, read.sum(), 5), np.float32), read

    monkeypatch.setattr(module, "picture_cells", cells)
    return calls


def test_one_image_of_each_burst_of_individuals_with_several() -> None:
    table = pd.DataFrame({
        "image": ["b", "a", "c", "d", "e", "f"],
        "individual_id": ["X", "X", "X", "Y", "Y", "Z"],
    })  # fmt: skip
    chosen = images_to_ask(table, np.array(["1", "1", "2", "3", "3", "4"]))
    assert chosen["image"].tolist() == ["a", "c"]
    assert images_to_ask(table[:0], np.zeros(0, np.str_)).empty


def test_whole_individuals_up_to_a_number_of_images(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 100)
    count = 40
    table = pd.DataFrame({
        "image": [f"{who}-{n}" for who in range(count) for n in range(who + 1)],
        "individual_id": [f"W{who}" for who in range(count) for _ in range(who + 1)],
    })  # fmt: skip
    chosen = images_to_ask(table, table["image"].to_numpy(np.str_))
    of_each = chosen["individual_id"].value_counts()
    assert 80 < len(chosen) <= 100 and of_each.max() <= MOST_EACH and of_each.min() > 1
    for who, images in of_each.items():
        assert images == min(int(who[1:]) + 1, MOST_EACH)
    shuffled = table.sample(frac=1, random_state=1)
    again = images_to_ask(shuffled, shuffled["image"].to_numpy(np.str_))
    assert again["image"].tolist() == chosen["image"].tolist()


def test_the_same_images_are_not_asked_twice(bay: Path, monkeypatch, capsys) -> None:
    calls = see(monkeypatch)
    first = best_region(of(bay))
    assert first.region is None and "no part can be left out for certain (gain" in first.why
    assert f"model.region: {calls[0]} images are embedded" in capsys.readouterr().out
    assert best_region(of(bay), first) is first and len(calls) == 1
    for file in (bay / "train_images").iterdir():
        os.utime(file, (1, 1))
    assert best_region(of(bay), first).asked != first.asked and len(calls) == 2


def test_too_few_images_are_not_asked(bay: Path, monkeypatch) -> None:
    calls = see(monkeypatch)
    monkeypatch.setattr(module, "FEWEST", 300)
    assert best_region(of(bay)) is None and not calls
    monkeypatch.setattr(module, "FEWEST", 8)
    see(monkeypatch, unread=1000)
    assert best_region(of(bay)) is None


def test_who_is_left_alone_by_unreadable_photographs_is_not_asked(bay: Path, monkeypatch) -> None:
    calls = see(monkeypatch, unread=1)
    sought = best_region(of(bay))
    asked = int(sought.why.split(" images")[0].split()[-1])
    assert calls[0] - 2 <= asked <= calls[0] - 1
