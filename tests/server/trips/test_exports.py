"""Exports: the commands that make them, their names, and what can be downloaded."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tf_happywhale.exchange.every_format import FORMATS
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.trips.exports import NAME, new_place


@pytest.fixture
def catalogue(home: Home) -> Path:
    """A catalogue."""
    (home.folder / "catalogue").mkdir()
    (home.folder / "catalogue/train.csv").write_text("image,individual_id\na.jpg,1\n")
    return home.folder / "catalogue"


def test_every_format_is_a_command(
    client: TestClient, home: Home, catalogue: Path, idle: None
) -> None:
    kinds = {one["kind"] for one in client.get("/v1/exports").json()["kinds"]}
    assert kinds == {"decisions", "catalogue", "history", *FORMATS}
    for kind, form in FORMATS.items():
        answer = client.post("/v1/exports", json={"kind": kind}).json()
        words = json.loads(home.store.row("select words from jobs order by id desc")["words"])
        assert words[:4] == ["exchange", "export", kind, str(catalogue)]
        assert Path(words[4]).parent == home.exports
        assert answer["file"].endswith(form.file or ".zip")
    assert client.post("/v1/exports", json={"kind": "history"}).status_code == 200


@pytest.mark.parametrize("kind", ["history", "coco"])
def test_two_people_export_at_once(
    client: TestClient, home: Home, catalogue: Path, idle: None, kind: str
) -> None:
    files = {client.post("/v1/exports", json={"kind": kind}).json()["file"] for _ in range(3)}
    words = {json.loads(row["words"])[-1] for row in home.store.rows("select words from jobs")}
    assert len(files) == len(words) == 3


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"kind": "nothing"}, "There is no export 'nothing'"),
        ({"kind": "catalogue"}, "There is no gallery yet"),
        ({"kind": "decisions"}, "of which trip"),
        ({"kind": "coco", "settings": {"output": "/etc"}}, "'output' is no setting of coco"),
        ({"kind": "history", "settings": {"exchange.timezone": "UTC"}}, "is no setting"),
        ({"kind": "coco", "settings": {"exchange.submitter": "a\nb"}}, "line break"),
    ],
)
def test_what_cannot_be_exported(
    client: TestClient, catalogue: Path, idle: None, body: dict, sentence: str
) -> None:
    answer = client.post("/v1/exports", json=body)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]


def test_a_setting_is_passed_on(
    client: TestClient, home: Home, catalogue: Path, idle: None
) -> None:
    body = {"kind": "camtrap-dp", "settings": {"exchange.timezone": "Europe/Oslo"}}
    assert client.post("/v1/exports", json=body).status_code == 200
    words = json.loads(home.store.row("select words from jobs")["words"])
    assert words[-1] == "exchange.timezone=Europe/Oslo"


def test_decisions_are_written_at_once(client: TestClient, home: Home) -> None:
    trip = client.post("/v1/trips", json={"name": "Bay / ../x"}).json()["id"]
    body = {"kind": "decisions", "trip": trip}
    answer = client.post("/v1/exports", json=body)
    assert answer.status_code == 409
    assert client.get("/v1/exports").json()["exports"] == []
    made = {"decision": "new", "image": "a.jpg", "number": 1}
    change = {"by": "Ann", "changes": [{"key": "a.jpg", "made": made}]}
    assert client.post(f"/v1/trips/{trip}/decisions", json=change).status_code == 200
    answer = client.post("/v1/exports", json=body).json()
    assert answer["job"] is None
    (listed,) = client.get("/v1/exports").json()["exports"]
    assert listed["file"] == answer["file"]
    table = client.get(f"/v1/exports/{listed['file']}")
    assert table.text.splitlines()[1].startswith("a.jpg,1,new")
    assert "attachment" in table.headers["content-disposition"]
    assert client.post("/v1/exports", json=body | {"trip": "t99"}).status_code == 404


def test_a_folder_is_packed_again_when_it_changed(client: TestClient, home: Home) -> None:
    folder = home.exports / "coco-2026-01-01"
    (folder / "images").mkdir(parents=True)
    (folder / "annotations.json").write_text("{}")
    (folder / ".lock").touch()
    (listed,) = client.get("/v1/exports").json()["exports"]
    assert listed["file"] == "coco-2026-01-01.zip"

    def inside() -> set[str]:
        packed = client.get(f"/v1/exports/{listed['file']}").content
        return set(zipfile.ZipFile(BytesIO(packed)).namelist())

    assert inside() == {"coco-2026-01-01/annotations.json"}
    (folder / "images/a.jpg").write_bytes(b"x")
    assert inside() == {"coco-2026-01-01/annotations.json", "coco-2026-01-01/images/a.jpg"}
    assert len(client.get("/v1/exports").json()["exports"]) == 1


@pytest.mark.parametrize("kind", ["history", "camtrapr"])
def test_an_export_that_is_being_made_is_not_given_away(
    client: TestClient, home: Home, catalogue: Path, idle: None, kind: str
) -> None:
    new = client.post("/v1/exports", json={"kind": kind}).json()
    place = home.exports / new["file"].removesuffix(".zip")
    if kind == "history":
        place.mkdir()
        (place / "half.csv").touch()
    else:
        place.touch()
    for state in ("waiting", "running", "stopped", "failed", "done"):
        with home.store.changing() as db:
            db.execute("update jobs set state = ?", (state,))
        if state != "done":
            assert client.get("/v1/exports").json()["exports"] == []
            assert client.get(f"/v1/exports/{new['file']}").status_code == 404
    assert [one["file"] for one in client.get("/v1/exports").json()["exports"]] == [new["file"]]
    assert client.get(f"/v1/exports/{new['file']}").status_code == 200


@pytest.mark.parametrize("name", ["../token", "..%2Ftoken", ".hidden", "%00", "no.csv", "a%5Cb"])
def test_only_exports_are_downloaded(client: TestClient, home: Home, name: str) -> None:
    home.exports.mkdir()
    (home.exports / ".hidden").touch()
    assert client.get(f"/v1/exports/{name}").status_code == 404


@given(trip=st.text(max_size=300))
def test_names_are_safe(tmp_path_factory: pytest.TempPathFactory, trip: str) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    name = new_place(home, "decisions", trip).name
    assert NAME.fullmatch(name)
    assert name.endswith(".csv")
