"""`make notebooks` fails where its comparison fails; what it runs is made up here."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.notebooks import executed


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A function that runs all with given scores, by backend, of the demo and of the other seed,
    which has the demo's if none is given; what was run, in order. A score of None leaves no
    metrics."""

    def run(scores: dict[str, float | None], *keys: str, backend: str = "") -> list[str]:
        order: list[str] = []
        scores = {"other seed": scores["demo"]} | scores

        def leave(output: Path, name: str) -> None:
            order.append(name)
            if scores[name] is not None:
                output.mkdir(parents=True, exist_ok=True)
                metrics = {"test": {"map5": scores[name]}}
                (output / "metrics.json").write_text(json.dumps(metrics))

        def demo(line: list[str], *, env: dict[str, str], **_) -> SimpleNamespace:
            assert env["KERAS_BACKEND"] == "tensorflow"
            output, given = Path(line[4].removeprefix("output=")), tuple(line[5:])
            if line[2] == "tf_happywhale.demo":
                assert given == keys
                leave(output, "demo")
            else:
                home = tmp_path / ("notebooks/demo" if keys else "demo")
                assert given == (*keys, f"data.root={home / 'pod'}", "seed=8")
                leave(output, "other seed")
            return SimpleNamespace(returncode=0)

        def execute(file: Path, done: Path) -> None:
            if file.name.startswith("04"):
                leave(tmp_path / "notebooks" / done.name, done.name)

        monkeypatch.setattr(executed, "OUTPUT", tmp_path)
        monkeypatch.setattr(executed.subprocess, "run", demo)
        monkeypatch.setattr(executed, "execute", execute)
        for name in ("HAPPYWHALE_CONFIG", "HAPPYWHALE_KEYS"):
            monkeypatch.setenv(name, "")  # so that they are as before in the end
        monkeypatch.setenv("KERAS_BACKEND", backend)
        executed.main(list(keys))
        return order

    return run


def test_the_demo_comes_first_then_both_backends(ran):
    order = ["demo", "tensorflow", "jax", "other seed"]
    assert ran({"demo": 0.79, "tensorflow": 0.765, "jax": 0.81}) == order


def test_one_backend_alone_is_compared_too(ran):
    assert ran({"demo": 0.79, "jax": 0.81}, backend="jax") == ["demo", "jax", "other seed"]
    with pytest.raises(SystemExit, match=r"on jax are further than 0\.03 from the demo"):
        ran({"demo": 0.79, "jax": 0.75}, backend="jax")


@pytest.mark.parametrize("far", ["tensorflow", "jax"])
def test_either_that_is_too_far_off_is_an_error(ran, far):
    with pytest.raises(SystemExit, match=rf"The notebooks on {far} are further"):
        ran({"demo": 0.79, "tensorflow": 0.79, "jax": 0.79, far: 0.83})


def test_jax_may_be_as_far_as_another_seed(ran):
    ran({"demo": 0.80, "tensorflow": 0.80, "jax": 0.73, "other seed": 0.75})
    with pytest.raises(SystemExit, match="on jax are further"):
        ran({"demo": 0.80, "tensorflow": 0.80, "jax": 0.71, "other seed": 0.75})
    with pytest.raises(SystemExit, match="on tensorflow are further"):
        ran({"demo": 0.80, "tensorflow": 0.75, "jax": 0.75, "other seed": 0.75})


@pytest.mark.parametrize("missing", ["demo", "tensorflow", "jax"])
def test_a_score_that_is_not_there_is_an_error(ran, missing):
    with pytest.raises(SystemExit, match="has no score on the answers"):
        ran({"demo": 0.79, "tensorflow": 0.79, "jax": 0.79, missing: None})


def test_a_demo_that_fails_is_an_error(ran, monkeypatch):
    ran({"demo": 0.79, "jax": 0.79}, backend="jax")
    failed = SimpleNamespace(returncode=1)
    monkeypatch.setattr(executed.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(SystemExit, match="demo has failed"):
        executed.main([])


def test_further_keys_are_the_demos_too_which_leaves_the_real_one_alone(ran, tmp_path):
    ran({"demo": 0.1, "tensorflow": 0.1, "jax": 0.1}, "train.epochs=1")
    assert not (tmp_path / "demo").exists()
    assert (tmp_path / "notebooks" / "demo" / "metrics.json").is_file()
