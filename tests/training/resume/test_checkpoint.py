from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from tf_happywhale.errors import InputError
from tf_happywhale.training.resume.checkpoint import Checkpoints, Progress


@pytest.fixture
def variables() -> dict[str, list[keras.Variable]]:
    kernel = keras.Variable(np.arange(6, dtype=np.float32).reshape(2, 3))
    count = keras.Variable(7, dtype="int64", trainable=False)
    random = keras.Variable(np.array([1, 2], np.uint32), dtype="uint32", trainable=False)
    return {"classifier": [kernel, random], "optimizers": [count], "sums": []}


def values(variables: dict[str, list[keras.Variable]]) -> list[np.ndarray]:
    return [v.numpy() for group in variables.values() for v in group]


def spoil(variables: dict[str, list[keras.Variable]]) -> None:
    for group in variables.values():
        for variable in group:
            variable.assign(variable * 0)


def test_every_variable_and_the_progress_come_back(variables, tmp_path: Path) -> None:
    before = values(variables)
    progress = Progress(12, 1, [0.1, 1 / 3], 2.5, 1, {"epoch": 0, "map5_known": 0.7})
    Checkpoints(tmp_path / "new", variables, "mine").save(progress)
    spoil(variables)
    (tmp_path / "new" / "best-epoch-00000.weights.h5").write_text("")
    assert Checkpoints(tmp_path / "new", variables, "mine").restore() == progress
    for now, was in zip(values(variables), before, strict=True):
        np.testing.assert_array_equal(now, was)
        assert now.dtype == was.dtype


def test_the_last_two_are_kept_and_clear_leaves_other_files(variables, tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, variables, "mine")
    (tmp_path / "best.weights.h5").write_text("")
    for step in (5, 50, 9):
        checkpoints.save(Progress(step))
    left = sorted(path.name for path in tmp_path.glob("step*"))
    assert left == ["step-000000009.safetensors", "step-000000050.safetensors"]
    checkpoints.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["best.weights.h5"]


def test_a_damaged_one_is_passed_over_for_the_one_before(variables, tmp_path: Path, capsys) -> None:
    checkpoints = Checkpoints(tmp_path, variables, "mine")
    checkpoints.save(Progress(1))
    kept = values(variables)
    spoil(variables)
    checkpoints.save(Progress(2))
    latest = tmp_path / "step-000000002.safetensors"
    latest.write_bytes(latest.read_bytes()[:-3])
    (tmp_path / ".step-000000003.99.partial.safetensors").write_text("killed here")
    (tmp_path / ".tmpQ2w4E6").write_text("killed in safetensors' own")
    assert checkpoints.restore() == Progress(1)
    np.testing.assert_array_equal(values(variables)[0], kept[0])
    assert "step-000000002.safetensors is damaged" in capsys.readouterr().out
    assert not [*tmp_path.glob(".step*"), *tmp_path.glob(".tmp*")]


def test_a_worker_that_is_not_the_chief_reads_the_same_and_takes_nothing_away(
    variables, tmp_path: Path, capsys
) -> None:
    checkpoints = Checkpoints(tmp_path, variables, "mine")
    checkpoints.save(Progress(1))
    (tmp_path / "step-000000002.safetensors").write_bytes(b"")
    (tmp_path / ".step-000000003.99.partial.safetensors").write_text("killed here")
    assert checkpoints.restore(tidy=False) == Progress(1)
    assert "it is passed over" in capsys.readouterr().out
    assert len(list(tmp_path.iterdir())) == 3
    assert checkpoints.restore() == Progress(1)
    assert len(list(tmp_path.iterdir())) == 1


def rewritten(file: Path, **about: str) -> None:
    """The same tensors, with other words about them."""
    with safe_open(file, "np") as stored:
        arrays = {name: stored.get_tensor(name) for name in list(stored.keys())}
    save_file(arrays, file, {"stamp": "mine", **about})


@pytest.mark.parametrize("about", [{}, {"progress": "{"}, {"progress": "[1]"}])
def test_one_without_its_progress_is_damaged_too(variables, tmp_path, capsys, about) -> None:
    checkpoints = Checkpoints(tmp_path, variables, "mine")
    checkpoints.save(Progress(1))
    checkpoints.save(Progress(2))
    rewritten(tmp_path / "step-000000002.safetensors", **about)
    assert checkpoints.restore() == Progress(1)
    assert "step-000000002.safetensors is damaged" in capsys.readouterr().out


def test_a_damaged_one_is_none_of_the_two_that_are_kept(variables, tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, variables, "mine")
    checkpoints.save(Progress(4))
    (tmp_path / "step-000000009.safetensors").write_bytes(b"")
    checkpoints.restore()
    checkpoints.save(Progress(6))
    left = sorted(path.name for path in tmp_path.glob("step*"))
    assert left == ["step-000000004.safetensors", "step-000000006.safetensors"]


def test_best_weights_stay_while_a_checkpoint_knows_them(variables, tmp_path: Path, capsys) -> None:
    checkpoints = Checkpoints(tmp_path, variables, "mine")
    left = []
    for step in range(4):
        progress = Progress(step, best={"epoch": step})
        checkpoints.best(progress).write_text("")
        checkpoints.save(progress)
        left.append(sorted(int(path.name[11:16]) for path in tmp_path.glob("best*")))
    assert left == [[0], [0, 1], [1, 2], [2, 3]]
    checkpoints.best(progress).unlink()
    assert checkpoints.restore() == Progress(2, best={"epoch": 2})
    assert "step-000000003.safetensors is damaged, or its best weights" in capsys.readouterr().out
    checkpoints.clear()
    assert list(tmp_path.iterdir()) == []


def test_where_no_checkpoint_can_be_read_nothing_is_removed(variables, tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, variables, "mine")
    for step in (1, 2):
        progress = Progress(step, best={"epoch": 0})
        checkpoints.best(progress).write_text("")
        checkpoints.save(progress)
    checkpoints.best(progress).rename(tmp_path / "elsewhere")  # a copy that has not come yet
    before = sorted(tmp_path.iterdir())
    with pytest.raises(
        InputError, match=r"step-000000002.* a copy, or begin again with train\.rest"
    ):
        checkpoints.restore()
    assert checkpoints.restore(restart=True) is None
    assert sorted(tmp_path.iterdir()) == before
    (tmp_path / "elsewhere").rename(checkpoints.best(progress))
    assert checkpoints.restore() == progress


def test_another_runs_is_refused_or_left_behind_where_that_is_asked_for(
    variables, tmp_path: Path, capsys
) -> None:
    Checkpoints(tmp_path, variables, "mine").save(Progress(1))
    before = values(variables)
    _, *others = variables["classifier"]
    wider = {**variables, "classifier": [keras.Variable(np.zeros((2, 4))), *others]}
    for groups, stamp in ((variables, "another"), ({"sums": []}, "mine"), (wider, "mine")):
        checkpoints = Checkpoints(tmp_path, groups, stamp)
        with pytest.raises(InputError, match=r"of other settings.* up with train\.restart=true"):
            checkpoints.restore()
        assert checkpoints.restore(restart=True) is None
        assert len(list(tmp_path.iterdir())) == 1
    assert Checkpoints(tmp_path / "absent", variables, "mine").restore() is None
    assert capsys.readouterr().out == ""
    for now, was in zip(values(variables), before, strict=True):
        np.testing.assert_array_equal(now, was)


def test_a_checkpoint_with_and_one_without_float16s_factor_go_on_from_each_other(
    variables, tmp_path: Path
) -> None:
    scale = keras.Variable(8.0, trainable=False)
    Checkpoints(tmp_path / "with", variables | {"scale": [scale]}, "mine").save(Progress(3))
    Checkpoints(tmp_path / "without", variables, "mine").save(Progress(4))
    before = values(variables)
    spoil(variables)
    assert Checkpoints(tmp_path / "with", variables, "mine").restore() == Progress(3)
    scale.assign(2.0)
    both = Checkpoints(tmp_path / "without", variables | {"scale": [scale]}, "mine")
    assert both.restore() == Progress(4)
    assert float(scale) == 2
    for now, was in zip(values(variables), before, strict=True):
        np.testing.assert_array_equal(now, was)
