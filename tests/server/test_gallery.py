"""Who is in the gallery: looked through, shown, corrected; and the jobs that build and check it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.retrieval.conftest import embed
from tests.server.brought import jpeg
from tf_happywhale.galleries.gallery_folder import make_gallery, open_gallery
from tf_happywhale.server.home.home import MODEL, Home, open_home
from tf_happywhale.server.routes.gallery_listing import Listing, individuals

IMAGES = ["a.jpg", "a.jpg#2", "b.jpg", "c.jpg"]
IDS = ["09913", "Old Tom/1", "09913", "ümlaut"]
ABOUT = {"model": "m", "source": "fin", "view": "original", "preprocess": ""}


@pytest.fixture
def catalogue(home: Home) -> Path:
    """The catalogue of two animals in HOME/catalogue."""
    folder = home.folder / "catalogue"
    (folder / "train_images").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (folder / "train_images" / name).write_bytes(jpeg(1, 600, 400))
    (folder / "train.csv").write_text("image,individual_id\na.jpg,09913\nb.jpg,09913\n")
    return folder


@pytest.fixture
def gallery(home: Home, catalogue: Path) -> Path:
    """A gallery of four animals."""
    names = ["a.jpg", "a.jpg", "b.jpg", "gone.jpg"]
    columns = {
        "picture": [f"../catalogue/train_images/{name}" for name in names],
        "species": ["blue_whale", "blue_whale", "blue_whale", "dolphin"],
        "date": ["2021-05-01", "", "2020-01-02", ""],
        "box": ["fin 100 100 300 200", "", "", ""],
    }
    images = embed([0, 20, 40, 60], IMAGES, IDS, ABOUT)
    columns = {name: np.array(cells) for name, cells in columns.items()}
    make_gallery(home.gallery, replace(images, columns=columns), catalogue)
    return home.gallery


def test_without_a_gallery_a_sentence(client: TestClient) -> None:
    for path in ("individuals", "individuals/x", "pictures?image=a.jpg"):
        answer = client.get(f"/v1/gallery/{path}")
        assert answer.status_code == 409
        assert answer.json()["detail"] == "There is no gallery yet: build it first."
    assert client.post("/v1/gallery/curate", json={}).status_code == 409
    assert client.post("/v1/gallery", json={}).status_code == 409


def test_individuals_are_listed_and_searched(client: TestClient, gallery: Path) -> None:
    told = client.get("/v1/gallery/individuals").json()
    assert told["total"] == 3
    first = told["individuals"][0]
    assert first == {
        "id": "09913", "species": "blue_whale", "images": 2, "first": "2020-01-02",
        "last": "2021-05-01", "image": "a.jpg",
    }  # fmt: skip
    for search, ids in {
        "TOM": ["Old Tom/1"], "blue whale": ["09913", "Old Tom/1"], "Ü": ["ümlaut"], "zz": [],
    }.items():  # fmt: skip
        found = client.get("/v1/gallery/individuals", params={"search": search}).json()
        assert [one["id"] for one in found["individuals"]] == ids, search
    page = client.get("/v1/gallery/individuals", params={"from": 1, "count": 1}).json()
    assert [one["id"] for one in page["individuals"]] == ["Old Tom/1"]


def test_one_individual(client: TestClient, gallery: Path) -> None:
    told = client.get("/v1/gallery/individuals/Old%20Tom%2F1").json()
    assert [one["image"] for one in told["images"]] == ["a.jpg#2"]
    assert client.get("/v1/gallery/individuals/nobody").status_code == 404


def test_picture_is_what_is_in_the_box(client: TestClient, gallery: Path) -> None:
    answer = client.get("/v1/gallery/pictures", params={"image": "a.jpg", "size": 120})
    assert answer.headers["content-type"] == "image/jpeg"
    shown = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape[1] == 120
    assert shown.shape[0] == pytest.approx(60, abs=2)  # 200 by 100, and a little around it
    for image, status in {"gone.jpg": 404, "c.jpg": 422, "../../app.sqlite": 404}.items():
        answer = client.get("/v1/gallery/pictures", params={"image": image})
        assert answer.status_code == status, image


def test_corrections_are_seen_at_once(client: TestClient, gallery: Path) -> None:
    def correct(verb: str, *words: str) -> int:
        body = {"verb": verb, "words": words}
        return client.post("/v1/gallery/corrections", json=body).status_code

    assert correct("rename", "09913", "0001") == 200
    assert correct("merge", "ümlaut", "0001") == 200
    assert correct("move", "b.jpg", "new") == 200
    ids = client.get("/v1/gallery/individuals").json()["individuals"]
    assert {one["id"]: one["images"] for one in ids} == {"0001": 2, "Old Tom/1": 1, "new": 1}
    assert correct("rename", "nobody", "x") == 422
    assert correct("rename", "0001") == 422
    assert correct("remove", "new", "x") == 422
    assert correct("explode", "new") == 422
    assert correct("move", "a.jpg", "new_individual") == 422
    assert correct("drop", "b.jpg") == 200
    assert len(open_gallery(gallery)) == 3


def jobs(home: Home) -> list[list[str]]:
    rows = home.store.rows("select words from jobs order by id")
    return [json.loads(row["words"]) for row in rows]


def test_building_is_a_job(client: TestClient, home: Home, catalogue: Path, idle: None) -> None:
    assert client.post("/v1/gallery", json={}).status_code == 200
    assert client.post("/v1/gallery", json={}).status_code == 409  # it has not ended
    (words,) = jobs(home)
    assert words[:4] == ["gallery", "renew", str(catalogue), str(home.gallery)]
    assert f"identify.cache={home.folder / 'embedded'}" in words
    answer = client.post("/v1/gallery", json={"model": "/etc/passwd"})
    assert answer.status_code == 422
    assert "There is no model" in answer.json()["detail"]


def test_curating_is_a_job(client: TestClient, home: Home, gallery: Path, idle: None) -> None:
    assert client.post("/v1/gallery/curate", json={"by": "Ann"}).status_code == 200
    assert jobs(home) == [["gallery", "curate", str(gallery), f"output={home.folder}"]]
    page = home.folder / "curation"
    page.mkdir()
    (page / "index.html").write_text("<p>map")
    assert client.get("/curation/").text == "<p>map"
    (page / "errors.csv").write_text("image\n")
    assert client.get("/curation/errors.csv").text == "image\n"
    for path in ("no.html", "..%2Fapp.sqlite", "../token", "%2e%2e/token", "duplicates.csv"):
        assert client.get(f"/curation/{path}").status_code == 404


def test_model_is_chosen(client: TestClient, home: Home, catalogue: Path, idle: None) -> None:
    run = home.training / "1/my_catalogue/fold0"
    run.mkdir(parents=True)
    (run / "model.keras").touch()
    (run / "metrics.json").write_text('{"map5_known": 0.5}')
    shown = client.get("/v1/models").json()["models"]
    assert [(one["kind"], one["chosen"], one["map"]) for one in shown[:2]] == [
        ("untaught", True, None),
        ("trained", False, 0.5),
    ]
    assert client.post("/v1/model", json={"model": "nothing"}).status_code == 422
    answer = client.post("/v1/model", json={"model": str(run)}).json()
    assert home.store.setting(MODEL) == str(run)
    assert jobs(home)[answer["job"] - 1][2] == str(run)


@given(
    ids=st.lists(st.text(max_size=6), min_size=1, max_size=8, unique=True),
    first=st.integers(0, 10),
    count=st.integers(1, 10),
)
def test_pages_are_parts_of_one_order(ids: list[str], first: int, count: int) -> None:
    row = {"image": "x.jpg", "species": "", "date": ""}
    listing = Listing([], {who: [row] for who in ids}, {})
    everybody = individuals(listing, "", 0, 500)["individuals"]
    assert {one["id"] for one in everybody} == set(ids)
    page = individuals(listing, "", first, count)
    assert page["individuals"] == everybody[first : first + count]
    assert page["total"] == len(ids)


def test_what_makes_a_gallery_stale(client: TestClient, home: Home, gallery: Path) -> None:
    def stale() -> bool:
        return client.get("/v1/state").json()["gallery"]["stale"]

    table = home.folder / "catalogue/train.csv"
    late = table.stat().st_mtime + 60
    assert not stale()
    client.post("/v1/gallery/corrections", json={"verb": "drop", "words": ["b.jpg"]})
    os.utime(table, (late, late))
    assert not stale()  # a correction is no reason
    with table.open("a") as rows:
        rows.write("new.jpg,1\n")
    os.utime(table, (late, late))
    assert stale()


def test_gallery_that_a_kill_left_aside_is_there_again(home: Home, gallery: Path) -> None:
    gallery.rename(gallery.with_name(".gallery.before"))
    assert open_home(home.folder, home.settings, personal=False).has_gallery
