"""What several files of tests of the training loop share."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from tests.training.small_runs import experiment
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.training import loop, trainer


@pytest.fixture
def small_network(monkeypatch, toy) -> None:
    """What is trained, and no figure is drawn."""
    monkeypatch.setattr(trainer, "build_embedder", toy)
    monkeypatch.setattr(loop, "draw_figure", lambda run: None)  # once is enough, in `trained`


@pytest.fixture
def embedders(monkeypatch) -> list[keras.Model]:
    """The embedders that are validated, the latest first."""
    found = []

    def forward(embedder, strategy):
        found.insert(0, embedder)
        return by_keras(embedder, strategy)

    monkeypatch.setattr(trainer, "by_keras", forward)
    return found


@pytest.fixture(scope="session")
def trained(squares, toy, tmp_path_factory) -> tuple[Path, dict]:
    """The run folder of two epochs, and the metrics that training returned; tests must not change
    it."""
    run = tmp_path_factory.mktemp("run") / "squares" / "fold1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_embedder", toy)
        return run, loop.train_fold(run, experiment(), squares)


@pytest.fixture(scope="session")
def one_epoch(squares, toy, tmp_path_factory) -> Path:
    """The run folder of one epoch; tests must not change it."""
    run = tmp_path_factory.mktemp("one") / "epoch"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_embedder", toy)
        patch.setattr(loop, "draw_figure", lambda run: None)
        loop.train_fold(run, experiment("train.epochs=1"), squares)
    return run
