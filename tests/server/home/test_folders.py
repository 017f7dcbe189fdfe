"""Folders to choose from: within the roots, without links that lead out."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.server.brought import put_photographs
from tf_happywhale.config import Server
from tf_happywhale.server.home.home import Home


@pytest.fixture
def root(home: Home, tmp_path: Path) -> Path:
    """A folder that may be read, with two others in it."""
    root = put_photographs(tmp_path / "root", "whales/a.jpg", "whales/b.PNG", "c.jpg")
    (root / "whales/.hidden").mkdir()
    (root / "whales/notes.txt").write_text("x")
    (root / "catalogue").mkdir()
    (root / "catalogue/train.csv").write_text("image,individual_id\n")
    home.settings = Server(roots=(str(root),))
    return root


def test_roots_are_listed(client: TestClient, home: Home, root: Path) -> None:
    told = client.get("/v1/folders").json()
    assert told["path"] == ""
    assert {one["path"] for one in told["folders"]} == {str(home.folder), str(root)}


def test_folder_is_listed_with_counts(client: TestClient, root: Path) -> None:
    told = client.get("/v1/folders", params={"path": str(root)}).json()
    assert told["parent"] == ""
    assert told["pictures"] == 1
    shown = {one["name"]: (one["pictures"], one["catalogue"]) for one in told["folders"]}
    assert shown == {"whales": (2, False), "catalogue": (0, True)}
    below = client.get("/v1/folders", params={"path": str(root / "whales")}).json()
    assert below["parent"] == str(root)
    assert below["folders"] == []


@pytest.mark.parametrize(
    "path", ["/etc", "/", "{root}/..", "{root}/out", "{root}/../../etc", "\0", "~no"]
)
def test_other_folders_are_refused(client: TestClient, root: Path, path: str) -> None:
    (root / "out").symlink_to("/etc")
    answer = client.get("/v1/folders", params={"path": path.format(root=root)})
    assert answer.status_code == 422
    assert "folder" in answer.json()["detail"]
    listed = client.get("/v1/folders", params={"path": str(root)}).json()["folders"]
    assert "out" not in {one["name"] for one in listed}


def test_file_is_no_folder(client: TestClient, root: Path) -> None:
    answer = client.get("/v1/folders", params={"path": str(root / "c.jpg")})
    assert answer.status_code == 422
