"""A home folder of its own for each test, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tf_happywhale.config import Server
from tf_happywhale.server.application import make_application
from tf_happywhale.server.home.home import Home, open_home
from tf_happywhale.server.jobs.runner import Runner

ADDRESS = "http://127.0.0.1:8765"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home folder."""
    return open_home(tmp_path / "home", Server(), personal=False)


@pytest.fixture
def anyone(home: Home) -> Iterator[TestClient]:
    """A client without a token."""
    app = make_application(home)
    with TestClient(app, base_url=ADDRESS, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(anyone: TestClient, home: Home) -> TestClient:
    """A client that sends the token."""
    anyone.headers["Authorization"] = f"Bearer {home.token}"
    return anyone


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait, and none runs."""
    monkeypatch.setattr(Runner, "_take", lambda _: None)
