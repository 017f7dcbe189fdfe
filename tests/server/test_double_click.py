"""The file that starts the application with a double click, with stand-ins for Python and pip."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

START = Path(__file__).parents[2] / "start"
PYTHON = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >> said.txt
case "$*" in
  "-c "*) exit 0 ;;
  "-m venv "*) mkdir -p .venv/bin; cp "$0" .venv/bin/python; cp happywhale .venv/bin ;;
  "-m pip "*) exit "${PIP_EXIT:-0}" ;;
esac
"""
HAPPYWHALE = '#!/usr/bin/env bash\necho "happywhale $*" >> said.txt\nexit "${APP_EXIT:-0}"\n'

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with a space in its name that looks like the repository."""
    clone = tmp_path / "my clone"
    shutil.copytree(START, clone / "start")
    (clone / "pyproject.toml").touch()
    for name, text in {"bin/python3.12": PYTHON, "happywhale": HAPPYWHALE}.items():
        path = clone / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return clone


def start(clone: Path, *words: str, **environment: str) -> tuple[int, str, list[str]]:
    """Double-click. Return the exit status, what is printed, and which programs were started."""
    (clone / "said.txt").unlink(missing_ok=True)
    done = subprocess.run(
        [clone / "start" / "Happywhale.command", *words],
        capture_output=True,
        text=True,
        input="\n",
        cwd="/",
        env={"PATH": f"{clone / 'bin'}:{os.environ['PATH']}", **environment},
    )
    return done.returncode, done.stdout, (clone / "said.txt").read_text().splitlines()


def test_it_installs_once_and_starts(clone: Path) -> None:
    status, printed, said = start(clone)
    assert status == 0
    assert "first start" in printed
    assert "python -m pip install --quiet --editable .[tf,app,openvino,heic,xlsx]" in said
    assert said[-1] == "happywhale app"
    status, printed, said = start(clone, "server.browser=false")
    assert (status, said) == (0, ["happywhale app server.browser=false"])
    assert "first start" not in printed


def test_half_an_installation_is_gone_on_with(clone: Path) -> None:
    status, printed, said = start(clone, PIP_EXIT="1")
    assert status == 1
    assert "The installation failed" in printed
    assert "happywhale app" not in said
    assert start(clone)[2][-1] == "happywhale app"


def test_an_error_of_the_application_keeps_the_window(clone: Path) -> None:
    status, printed, _ = start(clone, APP_EXIT="2")
    assert status == 1
    assert "ended with an error" in printed


def test_without_python_it_says_what_to_install(clone: Path) -> None:
    (clone / "bin" / "python3.12").write_text("#!/usr/bin/env bash\ntouch said.txt\nexit 1\n")
    for name in ("python3", "python3.11", "python3.13"):
        shutil.copy(clone / "bin" / "python3.12", clone / "bin" / name)
    status, printed, _ = start(clone)
    assert status == 1
    assert "Python 3.11 or 3.12 is needed" in printed
    assert not (clone / ".venv").exists()


def test_the_desktop_entry_starts_the_file_beside_it(clone: Path) -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(clone / "start" / "happywhale.desktop")
    line = entry["Desktop Entry"]["Exec"].replace("\\\\", "\\")  # as the specification unquotes it
    words = [word.replace("\\$", "$") for word in shlex.split(line)]
    place = str(clone / "start" / "happywhale.desktop")
    start(clone)
    (clone / "said.txt").unlink()
    environment = {"PATH": f"{clone / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(
        [place if word == "%k" else word for word in words], check=True, cwd="/", env=environment
    )
    assert (clone / "said.txt").read_text() == "happywhale app\n"
