from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.errors import ConfigError
from tf_happywhale.training.log import tensorboard_events
from tf_happywhale.training.log.tensorboard_events import Board, check_tensorboard

FIRST = {"epoch": 0, "loss": 1.5, "map5_known": None}
SECOND = {"epoch": 1, "loss": 0.5, "map5_known": 0.25}


def shown(run: Path) -> dict[str, list[tuple[int, float]]]:
    """The scalars as TensorBoard reads them."""
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    ).EventAccumulator(str(run / "tensorboard"))
    accumulator.Reload()
    tags = accumulator.Tags()["scalars"]
    return {tag: [(s.step, s.value) for s in accumulator.Scalars(tag)] for tag in tags}


def test_a_run_that_is_resumed_shows_each_epoch_of_its_log_once(tmp_path):
    first = Board(tmp_path, [])
    for entry in (FIRST, SECOND | {"loss": 9.0}):  # the second is to be trained again
        first.add(entry)
    again = Board(tmp_path, [FIRST])
    again.add(SECOND)
    again.close()
    assert shown(tmp_path) == {"loss": [(1, 1.5), (2, 0.5)], "map5_known": [(2, 0.25)]}


def test_where_tensorboard_is_not_installed_it_is_one_sentence(monkeypatch):
    check_tensorboard()
    monkeypatch.setattr(tensorboard_events, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'tf-happywhale\[tensorboard\]'"):
        check_tensorboard()
