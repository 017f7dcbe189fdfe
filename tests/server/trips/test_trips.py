"""Trips: photographs in, identified by a job, added by another, and what state they are in."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.server.drawn import images, jpeg
from tf_happywhale.config import Server
from tf_happywhale.galleries.decisions import read_decisions
from tf_happywhale.server.home.home import MODEL, Home
from tf_happywhale.server.jobs import runner
from tf_happywhale.server.trips.trips import trip_state


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait: nothing is run."""
    monkeypatch.setattr(runner.Runner, "start", lambda self: None)
    monkeypatch.setattr(runner.Runner, "close", lambda self: None)


@pytest.fixture
def trip(client: TestClient) -> str:
    return client.post("/v1/trips", json={"name": "June"}).json()["id"]


def words(home: Home, job: int) -> list[str]:
    return json.loads(home.store.row("select words from jobs where id = ?", job)["words"])


def end(home: Home, job: int, state: str = "done", error: str = "") -> None:
    with home.store.changing() as db:
        change = "update jobs set state = ?, error = ?, ended = id where id = ?"
        db.execute(change, (state, error, job))


def test_a_trip_from_nothing(client: TestClient, trip: str) -> None:
    shown = client.get(f"/v1/trips/{trip}").json()
    assert (shown["name"], shown["state"], shown["photographs"]) == ("June", "empty", [])
    assert client.get("/v1/state").json()["trips"][0]["id"] == trip
    assert client.get("/v1/trips/t9").status_code == 404
    assert client.post("/v1/trips", json={"name": " \n"}).json()["name"] == "Trip"


def test_photographs_are_kept_whole_and_others_left_out(
    client: TestClient, home: Home, trip: str
) -> None:
    parts = [*images(a=jpeg(1), b=jpeg(2)), ("images", ("../../page.jpg", b"<html>"))]
    taken = client.post(f"/v1/trips/{trip}/photographs", files=parts).json()
    assert taken["kept"] == ["a.jpg", "b.jpg"]
    assert [one["name"] for one in taken["left_out"]] == ["page.jpg"]
    assert (home.trip(trip) / "photographs" / "a.jpg").read_bytes() == jpeg(1)
    shown = client.get(f"/v1/trips/{trip}").json()
    assert [(one["name"], one["width"]) for one in shown["photographs"]] == [
        ("a.jpg", 64), ("b.jpg", 64),
    ]  # fmt: skip
    assert shown["left_out"] == taken["left_out"] and shown["state"] == "photographs"
    assert os.listdir(home.uploads) == []


def test_a_second_photograph_of_a_name(client: TestClient, home: Home, trip: str) -> None:
    there = f"/v1/trips/{trip}/photographs"
    client.post(there, files=images(a=jpeg(1)))
    assert client.post(there, files=images(a=jpeg(1))).json()["kept"] == ["a.jpg"]
    other = client.post(there, files=images(a=jpeg(2))).json()
    assert "another photograph" in other["left_out"][0]["reason"]
    assert (home.trip(trip) / "photographs" / "a.jpg").read_bytes() == jpeg(1)


def test_a_trip_has_a_most(client: TestClient, home: Home, trip: str) -> None:
    home.settings = Server(pictures=1)
    taken = client.post(f"/v1/trips/{trip}/photographs", files=images(a=jpeg(1), b=jpeg(2))).json()
    assert taken["kept"] == ["a.jpg"] and "server.pictures" in taken["left_out"][0]["reason"]


def test_a_folder_of_this_machine(
    client: TestClient, home: Home, trip: str, tmp_path: Path
) -> None:
    folder = tmp_path / "camera" / "day 1"
    folder.mkdir(parents=True)
    (folder / "a.JPG").write_bytes(jpeg(1))
    (folder.parent / "b.jpg").write_bytes(jpeg(2))
    (folder.parent / "c.cr2").write_bytes(b"raw")
    (tmp_path / "outside.jpg").write_bytes(jpeg(3))
    with (folder / "hole.jpg").open("wb") as hole:
        hole.truncate(2 * 10**9)
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    there, asked = f"/v1/trips/{trip}/photographs", {"folder": str(folder.parent)}
    refused = client.post(there, json=asked)
    assert refused.status_code == 422 and "server.roots" in refused.json()["detail"]
    home.settings = Server(roots=(str(folder.parent),))
    taken = client.post(there, json=asked).json()
    assert sorted(taken["kept"]) == ["b.jpg", "day 1_a.JPG"]
    reasons = {one["name"]: one["reason"] for one in taken["left_out"]}
    assert "raw" in reasons["c.cr2"] and "leads out" in reasons["day 1_link.jpg"]
    assert "larger than" in reasons["day 1_hole.jpg"] and os.listdir(home.uploads) == []
    assert (folder / "a.JPG").read_bytes() == jpeg(1)  # it stays where it was


def test_roots_are_not_left_by_links_or_dots(
    client: TestClient, home: Home, trip: str, tmp_path: Path
) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to("/etc")
    home.settings = Server(roots=(str(tmp_path / "root"),))
    for folder in (tmp_path / "root" / "link", tmp_path / "root" / ".." / "..", "/", "x\0y", 7, ""):
        asked = {"folder": folder if folder == 7 else str(folder)}
        assert client.post(f"/v1/trips/{trip}/photographs", json=asked).status_code == 422


def test_pictures_are_small_and_upright(client: TestClient, trip: str) -> None:
    client.post(f"/v1/trips/{trip}/photographs", files=images(a=jpeg(1)))
    picture = client.get(f"/v1/trips/{trip}/pictures/a.jpg?size=16")
    assert (picture.headers["Content-Type"], picture.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    for name in ("b.jpg", "..%2F..%2Ftoken", ".hidden"):
        assert client.get(f"/v1/trips/{trip}/pictures/{name}").status_code == 404


def test_identify_says_what_it_runs(client: TestClient, home: Home, trip: str) -> None:
    assert client.post(f"/v1/trips/{trip}/identify").status_code == 409  # no photographs
    client.post(f"/v1/trips/{trip}/photographs", files=images(a=jpeg(1)))
    home.store.put_setting(MODEL, "lite0")
    asked = {"by": "Ann", "settings": {"identify.animals": "best"}}
    job = client.post(f"/v1/trips/{trip}/identify", json=asked).json()["job"]
    folder = home.trip(trip)
    assert words(home, job) == [
        "identify", "lite0", "none", str(folder / "photographs"), f"output={folder / 'found'}",
        f"identify.cache={home.embedded}", "identify.animals=best",
    ]  # fmt: skip
    assert client.get(f"/v1/trips/{trip}").json()["state"] == "identifying"
    assert client.post(f"/v1/trips/{trip}/identify").status_code == 409
    more = client.post(f"/v1/trips/{trip}/photographs", files=images(b=jpeg(2)))
    assert more.status_code == 409
    end(home, job, "failed", "No space.")
    shown = client.get(f"/v1/trips/{trip}").json()
    assert (shown["state"], shown["problem"]) == ("photographs", "No space.")
    assert client.get(f"/v1/trips/{trip}/predictions").json() == {"predictions": []}


def test_groups_that_were_decided_stay_together(client: TestClient, home: Home, trip: str) -> None:
    client.post(f"/v1/trips/{trip}/photographs", files=images(a=jpeg(1)))
    new = {"decision": "new", "id": "Ann", "image": "a.jpg", "box": "1 2 3 4", "group": "g1"}
    changes = [{"key": "a.jpg", "made": new}, {"key": "b.jpg", "made": {"decision": "skip"}}]
    client.post(f"/v1/trips/{trip}/decisions", json={"changes": changes})
    job = client.post(f"/v1/trips/{trip}/identify").json()["job"]
    table = home.trip(trip) / "groups_decided.csv"
    assert f"identify.decisions={table}" in words(home, job)
    read = read_decisions(table)
    assert (read.called, read.decided) == ({"g1": "Ann"}, {"a.jpg": "Ann"})
    assert "box," not in table.read_text().replace("box_number,", "")


def test_a_folder_of_too_many(client: TestClient, home: Home, trip: str) -> None:
    folder = home.folder / "many"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(b"")
    home.settings = Server(pictures=2)
    answer = client.post(f"/v1/trips/{trip}/photographs", json={"folder": str(folder)})
    assert answer.status_code == 422 and "at most 2" in answer.json()["detail"]


@pytest.mark.parametrize(
    "settings",
    [
        {"identify.boxes": "/etc/passwd"},
        {"output": "/tmp"},
        {"identify.encounters": "/etc/passwd"},
        {"identify.animals": "none of them"},
        {"identify.min_confidence": "7"},
    ],
)
def test_settings_that_are_refused(client: TestClient, trip: str, settings: dict) -> None:
    client.post(f"/v1/trips/{trip}/photographs", files=images(a=jpeg(1)))
    answer = client.post(f"/v1/trips/{trip}/identify", json={"settings": settings})
    assert answer.status_code == 422 and answer.json()["detail"]


def test_adding_takes_in_the_decisions_of_now(client: TestClient, home: Home, trip: str) -> None:
    client.post(f"/v1/trips/{trip}/photographs", files=images(a=jpeg(1)))
    add, decide = f"/v1/trips/{trip}/add", f"/v1/trips/{trip}/decisions"
    assert client.post(add).status_code == 409  # not identified
    identify = client.post(f"/v1/trips/{trip}/identify").json()["job"]
    end(home, identify)
    found = home.trip(trip) / "found"
    found.mkdir()
    (found / "queries.npz").write_bytes(b"")
    (found / "predictions.csv").write_text("image,box_number,rank\na.jpg,1,1\na.jpg,1,2\n")
    assert client.post(add).status_code == 409  # nothing decided
    new = {"decision": "new", "id": "Ann", "image": "a.jpg", "number": 1}
    client.post(decide, json={"by": "me", "changes": [{"key": "a.jpg", "made": new}]})
    shown = client.get(f"/v1/trips/{trip}").json()
    assert (shown["state"], shown["decided"], shown["animals"]) == ("to_review", 1, 1)
    job = client.post(add, json={"by": "me"}).json()["job"]
    table = home.trip(trip) / "decisions.csv"
    assert table.read_text().splitlines()[1] == "a.jpg,1,new,Ann,,,,,"
    assert words(home, job)[:4] == ["gallery", "add", str(home.folder / "catalogue"), str(table)]
    assert client.post(add).status_code == 409  # under way
    end(home, job)
    assert client.get(f"/v1/trips/{trip}").json()["state"] == "added"
    client.post(decide, json={"changes": [{"key": "a.jpg", "made": None}]})
    assert client.get(f"/v1/trips/{trip}").json()["state"] == "to_review"


def test_a_trip_with_decisions_stays(client: TestClient, home: Home, trip: str) -> None:
    empty = client.post("/v1/trips", json={"name": "b"}).json()["id"]
    skip = {"changes": [{"key": "a.jpg", "made": {"decision": "skip"}}]}
    client.post(f"/v1/trips/{trip}/decisions", json=skip)
    assert client.delete(f"/v1/trips/{trip}").status_code == 409
    assert client.delete(f"/v1/trips/{empty}").status_code == 204
    assert not home.trip(empty).exists() and client.get(f"/v1/trips/{empty}").status_code == 404
    assert client.post("/v1/trips", json={"name": "c"}).json()["id"] not in (trip, empty)


def test_identify_in_one_request(client: TestClient, home: Home) -> None:
    begun = client.post("/v1/identify", files=images(x=jpeg(1))).json()
    assert begun["kept"] == ["x.jpg"] and words(home, begun["job"])[0] == "identify"
    trips = len(client.get("/v1/trips").json()["trips"])
    for parts in (images(x=b"no picture"), []):
        answer = client.post("/v1/identify", files=parts or None, data={"a": "b"})
        assert answer.status_code == 422 and answer.json()["detail"]
    assert len(client.get("/v1/trips").json()["trips"]) == trips


def test_a_file_that_was_there_before_its_row(client: TestClient, home: Home, trip: str) -> None:
    (home.trip(trip) / "photographs" / "a.jpg").write_bytes(jpeg(1))  # as a killed server leaves it
    assert client.get(f"/v1/trips/{trip}").json()["photographs"][0]["width"] == 64


def test_states_follow_from_jobs() -> None:
    def job(kind: str, state: str, after: int | None = None) -> dict:
        return {"kind": kind, "state": state, "after": after}

    identified, added = job("identify", "done"), job("add", "done", 5)
    assert trip_state(3, [identified, added], 5) == "added"
    assert trip_state(3, [identified, added], 6) == "to_review"
    assert trip_state(3, [identified, added, identified], 5) == "to_review"
    assert trip_state(3, [identified, added, job("identify", "waiting")], 5) == "identifying"
    assert trip_state(3, [identified, job("add", "failed", 5)], 5) == "to_review"
    assert trip_state(3, [job("identify", "stopped")], 0) == "photographs"
