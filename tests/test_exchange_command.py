"""The command exchange."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.exchange.sighted import WHOLE, write_catalogue
from tf_happywhale import exchange_command


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["exchange", *words])
        with pytest.raises(SystemExit) as exited:
            exchange_command.start()
        return exited.value.code, *capsys.readouterr()

    return run


def test_there_and_back(call, tmp_path: Path) -> None:
    home = write_catalogue(tmp_path / "home", [WHOLE])
    status, said, _ = call("export", "coco", str(home), str(tmp_path / "out"))
    assert status == 0 and "of 1 animals in 1 photographs, 1 individuals" in said
    status, said, _ = call("import", "coco", str(tmp_path / "out"), str(tmp_path / "back"))
    assert status == 0 and (tmp_path / "back" / "train.csv").is_file()
    status, _, said = call("import", "coco", str(tmp_path / "out"), str(tmp_path / "back"))
    assert status == 2 and said.startswith("error: There is ") and said.count("\n") == 1


def test_the_formats_are_listed(call) -> None:
    status, said, _ = call("list")
    assert status == 0 and "camtrap-dp" in said and "not kept: " in said
