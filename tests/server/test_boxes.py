"""Boxes of a trip's photographs: shown, drawn, brought, and kept so that `identify` takes them."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.server.brought import put_photographs
from tf_happywhale.catalogue.boxes.animal_boxes import Telling, animal_rows
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_in_folder
from tf_happywhale.errors import InputError
from tf_happywhale.server.catalogue.box_source import source_in_use, source_setting, sources_read
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.trips.trip_boxes import (
    Changed,
    all_boxes,
    boxes_of,
    boxes_word,
    put_boxes,
)

SOURCES = {"fullbody", ""}
FIRST = {"xmin": 1, "ymin": 2, "xmax": 20, "ymax": 30}
SECOND = {"xmin": 30, "ymin": 2, "xmax": 60, "ymax": 40}


@pytest.fixture
def trip(home: Home) -> Path:
    """A trip with two photographs of 60 by 40 pixels."""
    with home.store.changing() as db:
        db.execute("insert into trips (id, name, made) values ('t1', 'Bay', 0)")
    put_photographs(home.trip("t1") / "photographs", "a.jpg", "b.jpg")
    return home.trip("t1")


def put(client: TestClient, name: str, boxes: object, **more: object):
    """The answer to new boxes of a photograph."""
    return client.put(f"/v1/trips/t1/boxes/{name}", json={"boxes": boxes, **more})


def as_identified(trip: Path, image: str, source: str = "fullbody") -> list[Box | None]:
    """The boxes by which `identify.boxes` crops a photograph."""
    telling = Telling(0.2, 0.55)
    wanted = WantedBoxes([source], choose=lambda *a: animal_rows(*a, telling=telling))
    photographs = {p.name: p for p in (trip / "photographs").iterdir()}
    found = boxes_in_folder(trip, str(trip / "boxes.csv"), photographs, wanted)
    return [row.box for row in found[source].get(image, [])]


def test_photograph_without_boxes_is_used_whole(client: TestClient, trip: Path) -> None:
    told = client.get("/v1/trips/t1/boxes/a.jpg").json()
    assert (told["boxes"], told["source"]) == ([], "fullbody")
    assert boxes_word(trip, SOURCES) == []


def test_drawn_boxes_are_those_of_identify(client: TestClient, trip: Path) -> None:
    told = put(client, "a.jpg", [FIRST, SECOND]).json()
    assert [(b["number"], b["origin"]) for b in told["boxes"]] == [(1, "manual"), (2, "manual")]
    assert as_identified(trip, "a.jpg") == [Box(1, 2, 20, 30), Box(30, 2, 60, 40)]
    put(client, "b.jpg", [SECOND])
    assert put(client, "a.jpg", [SECOND]).json()["boxes"][0]["xmin"] == 30
    assert as_identified(trip, "a.jpg") == [Box(30, 2, 60, 40)]
    assert as_identified(trip, "b.jpg") == [Box(30, 2, 60, 40)]
    assert boxes_word(trip, SOURCES) == [f"identify.boxes={trip / 'boxes.csv'}"]


def test_no_box_and_taken_back(client: TestClient, trip: Path) -> None:
    (trip / "found").mkdir()
    (trip / "found/photographs.csv").write_text(
        "image,box_number,box\na.jpg,1,fullbody 3 4 30 33\nb.jpg,1,\n"
    )
    found = client.get("/v1/trips/t1/boxes/a.jpg").json()["boxes"]
    assert found == [{"number": 1, "xmin": 3, "ymin": 4, "xmax": 30, "ymax": 33,
                      "origin": "detector"}]  # fmt: skip
    assert put(client, "a.jpg", []).json()["boxes"] == []
    assert as_identified(trip, "a.jpg") == [None]
    assert put(client, "a.jpg", None).json()["boxes"] == found
    assert boxes_word(trip, SOURCES) == []


@pytest.mark.parametrize(
    "box",
    [
        {"xmin": 5, "ymin": 5, "xmax": 5, "ymax": 9},
        {"xmin": 100, "ymin": 5, "xmax": 120, "ymax": 9},
        {"xmin": 9, "ymin": 9, "xmax": 2, "ymax": 2},
    ],
)
def test_box_without_area_is_refused(client: TestClient, trip: Path, box: dict) -> None:
    answer = put(client, "a.jpg", [FIRST, box])
    assert answer.status_code == 422
    assert "Box 2 has no area" in answer.json()["detail"]
    assert not (trip / "boxes.csv").exists()


@pytest.mark.parametrize("corner", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_number_that_is_none_is_refused(client: TestClient, trip: Path, corner: str) -> None:
    text = f'{{"boxes": [{{"xmin": {corner}, "ymin": 1, "xmax": 5, "ymax": 5}}]}}'
    headers = {"Content-Type": "application/json"}
    answer = client.put("/v1/trips/t1/boxes/a.jpg", content=text, headers=headers)
    assert answer.status_code == 422
    assert set(answer.json()) == {"detail"}


@pytest.mark.parametrize("name", ["c.jpg", "../boxes.csv", "..%2Fboxes.csv", ".a.jpg", "a.jpg/x"])
def test_only_photographs_of_the_trip(client: TestClient, trip: Path, name: str) -> None:
    assert put(client, name, [FIRST]).status_code == 404
    assert client.get("/v1/trips/t2/boxes/a.jpg").status_code == 404


def test_model_of_whole_photographs_takes_no_boxes(
    client: TestClient, home: Home, trip: Path
) -> None:
    home.gallery.mkdir()
    about = {"model": "m", "source": "whole", "view": "original", "preprocess": ""}
    (home.gallery / "gallery.json").write_text(json.dumps({"schema": 1, "about": about}))
    assert source_in_use(home) == "whole"
    assert sources_read(home) == set()
    assert put(client, "a.jpg", [FIRST]).status_code == 409


def test_source_is_that_of_the_catalogue(client: TestClient, home: Home, trip: Path) -> None:
    folder = home.folder / "catalogue"
    folder.mkdir()
    (folder / "train.csv").write_text("image,individual_id\n")
    (folder / "boxes.csv").write_text("image,source,xmin,ymin,xmax,ymax\na.jpg,fin,1,1,5,5\n")
    assert put(client, "a.jpg", [FIRST]).json()["source"] == "fin"
    assert as_identified(trip, "a.jpg", "fin") == [Box(1, 2, 20, 30)]


def test_boxes_of_another_source_stay(trip: Path) -> None:
    put_boxes(trip, "a.jpg", [(1, 1, 9, 9)], "fin", {"fin", ""})
    put_boxes(trip, "a.jpg", [(2, 2, 8, 8)], "fullbody", SOURCES)
    assert boxes_of(trip, "a.jpg", {"fin", ""})["boxes"][0]["xmin"] == 1
    assert boxes_of(trip, "a.jpg", SOURCES)["boxes"][0]["xmin"] == 2


def test_file_of_boxes_is_brought(client: TestClient, trip: Path) -> None:
    put(client, "a.jpg", [FIRST])
    tree = {
        "info": {"format_version": "1.3"},
        "detection_categories": {"1": "animal", "2": "person"},
        "images": [
            {"file": name, "detections": [
                {"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.5, 0.5]},
                {"category": "2", "conf": 0.9, "bbox": [0.7, 0.1, 0.2, 0.5]},
            ]}
            for name in ("a.jpg", "b.jpg")
        ],
    }  # fmt: skip
    files = {"boxes": ("found.json", json.dumps(tree))}
    assert client.post("/v1/trips/t1/boxes", files=files).json() == {"photographs": 1}
    assert as_identified(trip, "a.jpg") == [Box(1, 2, 20, 30)]  # what a person drew stays
    assert as_identified(trip, "b.jpg") == [Box(6, 4, 36, 24)]
    wrong = client.post("/v1/trips/t1/boxes", files={"boxes": ("x.csv", "image\nz.jpg\n")})
    assert wrong.status_code == 422
    assert "x.csv" in wrong.json()["detail"]


def test_change_of_another_person_is_not_overwritten(client: TestClient, trip: Path) -> None:
    seen = client.get("/v1/trips/t1/boxes/a.jpg").json()["version"]
    theirs = put(client, "a.jpg", [FIRST], version=seen)
    assert theirs.status_code == 200
    late = put(client, "a.jpg", [SECOND], version=seen)
    assert late.status_code == 409
    assert "Somebody else" in late.json()["detail"]
    version = theirs.json()["version"]
    assert put(client, "a.jpg", [SECOND], version=version).status_code == 200


def test_two_people_at_once_lose_nothing(trip: Path) -> None:
    put_photographs(trip / "photographs", *(f"{n}.jpg" for n in range(8)))

    def draw(numbers: range) -> None:
        for n in numbers:
            put_boxes(trip, f"{n}.jpg", [(n, n, n + 9, n + 9)], "fullbody", SOURCES)

    people = [threading.Thread(target=draw, args=[range(k, 8, 2)]) for k in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    shown = all_boxes(trip, SOURCES)
    assert {name: boxes[0]["xmin"] for name, boxes in shown.items()} == {
        f"{n}.jpg": n for n in range(8)
    }


def test_the_pixel_in_the_corner_would_be_read_as_the_whole_picture(trip: Path) -> None:
    put_photographs(trip / "photographs", "a.jpg")
    with pytest.raises(InputError, match="Box 2 is one pixel in the corner: draw a larger one"):
        put_boxes(trip, "a.jpg", [(5, 5, 9, 9), (-3, 0, 0.4, 1)], "fullbody", SOURCES)
    assert not (trip / "boxes.csv").exists()


CORNER = st.floats(-30, 90)


@settings(max_examples=60)
@example(boxes=[(0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 2.0)])
@given(boxes=st.lists(st.tuples(CORNER, CORNER, CORNER, CORNER), max_size=4))
def test_what_is_drawn_is_read(tmp_path_factory, boxes: list[tuple[float, ...]]) -> None:
    """Every box is kept as whole pixels inside the photograph, in its place; or none is."""
    trip = tmp_path_factory.mktemp("trip")
    put_photographs(trip / "photographs", "a.jpg")
    try:
        put_boxes(trip, "a.jpg", boxes, "fullbody", SOURCES, version=None)
    except InputError:
        assert not (trip / "boxes.csv").exists()
        return
    shown = boxes_of(trip, "a.jpg", SOURCES)["boxes"]
    assert [box["number"] for box in shown] == list(range(1, len(boxes) + 1))
    for box, (left, top, right, bottom) in zip(shown, boxes, strict=True):
        assert 0 <= box["xmin"] < box["xmax"] <= 60
        assert 0 <= box["ymin"] < box["ymax"] <= 40
        assert box["xmin"] <= max(left, 0) and box["xmax"] >= min(right, 60)
        assert box["ymin"] <= max(top, 0) and box["ymax"] >= min(bottom, 40)
    with pytest.raises(Changed):
        put_boxes(trip, "a.jpg", boxes, "fullbody", SOURCES, version="another")


def test_catalogue_with_two_kinds_of_boxes(client: TestClient, home: Home) -> None:
    folder = home.folder / "catalogue"
    folder.mkdir()
    (folder / "train.csv").write_text("image,individual_id\na.jpg,1\n")
    (folder / "boxes.csv").write_text(
        "image,source,xmin,ymin,xmax,ymax\na.jpg,fin,1,1,5,5\na.jpg,fullbody,1,1,9,9\n"
    )
    assert client.get("/v1/catalogue").json()["catalogue"]["sources"] == ["fin", "fullbody"]
    with pytest.raises(InputError, match=r"boxes of fin and of fullbody: choose which count"):
        source_setting(home, None)
    assert client.post("/v1/catalogue/source", json={"source": "nose"}).status_code == 422
    told = client.post("/v1/catalogue/source", json={"source": "fin"}).json()["catalogue"]
    assert told["source"] == "fin"
    assert source_setting(home, "lite0") == ["records.source=fin"]
    assert source_in_use(home) == "fin"
    run = home.training / "1/my_catalogue/fold0"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text("records:\n  source: fullbody\n")
    assert source_setting(home, str(run)) == []  # it looks at what it was trained on
