"""The command `happywhale`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tf_happywhale
from tf_happywhale import __main__, commands

PACKAGE = Path(tf_happywhale.__file__).parent


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["happywhale", *arguments])
        monkeypatch.setattr(commands, "prefix", commands.prefix)
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
        with pytest.raises(SystemExit) as exited:
            __main__.main()
        return exited.value.code, *capsys.readouterr()

    return run


def test_every_command_is_in_the_list() -> None:
    modules = [file for file in PACKAGE.glob("*.py") if file.stem != "__main__"]
    started = [file.stem for file in modules if "__main__" in file.read_text("utf-8")]
    started += [file.parent.name for file in PACKAGE.glob("*/__main__.py")]
    assert sorted(commands.COMMANDS) == sorted(started)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["help"]])
def test_alone_it_lists_the_commands_a_line_each(call, arguments: list[str]) -> None:
    status, said, _ = call(*arguments)
    assert status == 0
    for name, about in commands.COMMANDS.items():
        assert f"  {name:10} {about.does}\n" in said
    assert max(map(len, said.splitlines())) <= 100


def test_an_unknown_command_names_the_nearest(call) -> None:
    status, _, said = call("identfy", "model")
    assert status == 2
    assert (
        said == "error: There is no command 'identfy': the nearest are identify, detect, history.\n"
    )


def test_the_status_of_a_command_passes_through(call) -> None:
    status, _, said = call("rank", "rank.candidates=0")
    assert status == 2
    assert said.startswith("error: rank.candidates is '0'")


def test_help_names_the_command_as_it_was_typed(call) -> None:
    _, said, _ = call("rank", "--help")
    assert said.startswith("usage: happywhale rank CONFIG")
    assert "  happywhale rank configs/demo.yaml\n" in said
    assert "python -m" not in said
    line = [sys.executable, "-m", "tf_happywhale.rank", "--help"]
    said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert said.startswith("usage: python -m tf_happywhale.rank CONFIG")


def test_help_says_where_a_command_writes(call) -> None:
    assert "<output>/predictions.csv" in call("rank", "--help")[1]


def test_alone_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from tf_happywhale import __main__; sys.argv[1:] = []\n"
        "try: __main__.main()\n"
        "except SystemExit: sys.exit(sorted({'pandas', 'pydantic', 'numpy'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() in ("", "[]")


def test_bash_completes_the_commands(call) -> None:
    script = call("completion")[1]
    asked = 'COMP_WORDS=(happywhale id); COMP_CWORD=1; _happywhale; echo "${COMPREPLY[*]}"'
    alone = {**os.environ, "ZSH_VERSION": ""}
    said = subprocess.check_output(["bash", "-c", f"{script}\n{asked}"], text=True, env=alone)
    assert said == "identify\n"
