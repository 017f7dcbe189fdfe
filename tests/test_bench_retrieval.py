"""benchmarks/retrieval.py measures the size that it prints."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "retrieval.py"
SEARCH = "ours, search, numpy"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, its sizes smaller, its tasks not run."""
    spec = importlib.util.spec_from_file_location("bench_retrieval", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "QUICK", module.QUICK | {"models": 2, "width": 4})
    monkeypatch.setattr(module, "FULL", module.FULL | module.QUICK | {"queries": 800})
    monkeypatch.setattr(module, "run_task", lambda *_: {"seconds": 1.0, "peak_gb": 1.0})
    return module


def run(bench: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["retrieval.py", "--only", SEARCH, *arguments])
    bench.main()


@pytest.mark.parametrize(("made", "asked"), [([], ["--quick"]), (["--quick"], [])])
def test_embeddings_of_another_size_are_refused(
    bench: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    made: list[str],
    asked: list[str],
) -> None:
    folder = ["--folder", str(tmp_path / "made")]
    run(bench, monkeypatch, *made, *folder)
    run(bench, monkeypatch, *made, *folder)  # the same again
    size = bench.QUICK if made else bench.FULL
    assert bench.size_of(tmp_path / "made") == size
    assert capsys.readouterr().out.count(str(size)) == 2
    with pytest.raises(SystemExit):
        run(bench, monkeypatch, *asked, *folder)
    printed = capsys.readouterr()
    assert "of another size" in printed.err
    assert not printed.out
