"""The commands `app` and `serve`: one process for a home, at an address, until it is stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tf_happywhale.config import Server
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError
from tf_happywhale.server import serving
from tf_happywhale.server.home.home import open_home

HEAVY = ("pandas", "tensorflow", "keras", "cv2", "matplotlib", "sklearn")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_answers_and_ends(tmp_path: Path, number: signal.Signals) -> None:
    line = [sys.executable, "-m", "tf_happywhale.serve", str(tmp_path / "home"), "server.port=0"]
    run = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        opened = run.stdout.readline().removeprefix("open ").strip()
        address, _, token = opened.partition("/?token=")
        headers = {"Authorization": f"Bearer {token}"}
        ask = urllib.request.Request(f"{address}/v1/state", headers=headers)
        with urllib.request.urlopen(ask, timeout=60) as answer:
            assert b'"trips":[]' in answer.read()
        second = subprocess.run(line, capture_output=True, text=True, check=False)
        assert second.returncode == 2 and "Another process is serving" in second.stderr
        run.send_signal(number)
        rest = run.communicate(timeout=60)[0]
    finally:
        run.kill()
    assert run.returncode == 0 and "Traceback" not in rest


def test_nothing_heavy_is_imported_at_the_start() -> None:
    code = (
        "import sys, tf_happywhale.server.application\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = Server(port=other.getsockname()[1])
        with pytest.raises(InputError, match=r"server\.port"):
            serving.bound(settings, personal=False)


def test_the_ports_without_a_setting() -> None:
    with serving.bound(Server(), personal=True) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
        assert serving.address_of(listening).startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_which_addresses_are_this_machine(host: str, own: bool) -> None:
    assert serving.is_this_machine(host) == own


def test_a_second_start_opens_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(serving.webbrowser, "open", lambda url: opened.append(url) or True)
    home = open_home(tmp_path / "home", Server(), personal=True)
    (home.folder / "address").write_text("http://127.0.0.1:4711\n")
    with locked(home.folder, "serving", inside=True):
        serving.serve(home.folder, Server(), personal=True)
        with pytest.raises(InputError, match="is serving"):
            serving.serve(home.folder, Server(browser=False), personal=True)
    assert opened == [f"http://127.0.0.1:4711/?token={home.token}"]
    assert "runs already" in capsys.readouterr().out


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'tf-happywhale\[app\]'"):
        serving.check_installed()


def test_a_home_in_use_is_left_alone(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home", Server(), personal=False)
    (home.uploads / "arriving").write_bytes(b"x")
    with locked(home.folder, "serving", inside=True), pytest.raises(InputError):
        serving.serve(home.folder, Server(), personal=False)
    assert os.listdir(home.uploads) == ["arriving"]
