"""The client of the documentation, against a server."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import uvicorn

from tests.server.matcher_stand_in import StandIn, jpeg, stand_in_matcher
from tf_happywhale.server.application import make_application
from tf_happywhale.server.home.home import Home

FILE = Path(__file__).parents[2] / "docs/client.py"


@pytest.fixture(scope="module")
def client() -> ModuleType:
    spec = importlib.util.spec_from_file_location("documented_client", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def address(home: Home) -> Iterator[str]:
    """A server whose model is a stand-in."""
    app = make_application(home)
    app.state.matcher = stand_in_matcher(StandIn())
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", http="h11", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    file = tmp_path / 'wal "é".jpg'
    file.write_bytes(jpeg(200))
    return file


def test_match_and_embed(client: ModuleType, address: str, home: Home, photograph: Path) -> None:
    found = client.match(address, home.token, [photograph, photograph])
    assert [one["rank"] for one in found] == list(range(1, 12)) and found[0]["id"] == "whale0"
    embedded = client.embed(address + "/", home.token, [photograph])
    assert (embedded["model"], len(embedded["embeddings"])) == ("stand-in", 1)
    assert embedded["embeddings"][0]["image"] == "wal ____.jpg".replace("____", "___")


def test_what_is_refused(client: ModuleType, address: str, home: Home, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no")
    for token, status in (("wrong", 401), (home.token, 422)):
        with pytest.raises(client.Refused) as refused:
            client.match(address, token, [tmp_path / "x.jpg"])
        assert refused.value.status == status and str(refused.value)
    with pytest.raises(client.Refused, match="does not answer"):
        client.match("http://127.0.0.1:9", home.token, [tmp_path / "x.jpg"], wait=2)


def test_as_a_command(address: str, home: Home, photograph: Path) -> None:
    words = [sys.executable, str(FILE), address]
    done = subprocess.run([*words, home.token, str(photograph)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines()[0].startswith(" 1. whale0  78%")
    done = subprocess.run([*words, "wrong", str(photograph)], capture_output=True, text=True)
    assert done.returncode == 1 and "token" in done.stderr
