"""A catalogue is made of a table and photographs, whole or not at all; chosen; or there is none."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.server.brought import TABLE, bring_pictures, bring_table, jpeg, put_photographs
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.config import Server
from tf_happywhale.server.catalogue.brought_files import brought
from tf_happywhale.server.catalogue.picture_names import matched_names, safe_path
from tf_happywhale.server.home.home import Home

COLUMNS = {"image": "image", "individual_id": "individual_id", "species": "species"}


def bring(client: TestClient, table: str = TABLE, **more: object) -> dict:
    """What is sent to make a catalogue of a table and two uploaded photographs."""
    bring_pictures(client, a_jpg=jpeg(1), b_jpg=jpeg(2))
    number = bring_table(client, table).json()["table"]
    return {"table": number, "columns": COLUMNS, "pictures": "uploaded", **more}


def test_catalogue_is_made(client: TestClient, home: Home) -> None:
    new = bring(client)
    shown = client.post(f"/v1/catalogue/table/{new['table']}", json=new).json()
    assert shown["ready"]
    assert (shown["images"], shown["individuals"]) == (2, 2)
    made = client.post("/v1/catalogue", json=new)
    assert made.status_code == 200, made.json()
    assert made.json()["individuals"] == 2
    folder = home.folder / "catalogue"
    assert list(read_catalogue(folder / "train.csv")["individual_id"]) == ["09913", "Old_Tom"]
    assert (folder / "table_as_brought.csv").read_text() == TABLE
    assert (folder / "train_images/a.jpg").read_bytes() == jpeg(1)
    assert home.catalogue == folder
    assert not brought(home).exists()
    assert client.post("/v1/catalogue", json=new).status_code == 409
    assert client.post("/v1/catalogue/none").status_code == 409
    assert client.get("/v1/catalogue").json()["catalogue"]["images"] == 2


def test_pictures_of_a_folder_are_copied(client: TestClient, home: Home, tmp_path: Path) -> None:
    folder = put_photographs(tmp_path / "root", "deep/a.jpg", "b.jpg", "more.jpg")
    home.settings = Server(roots=(str(folder),))
    told = client.post("/v1/catalogue/pictures", json={"folder": str(folder)}).json()
    assert (told["pictures"], told["count"]) == (str(folder), 3)
    new = bring(client) | {"pictures": str(folder)}
    assert client.post("/v1/catalogue", json=new).status_code == 200
    made = home.folder / "catalogue/train_images"
    assert sorted(p.relative_to(made).as_posix() for p in made.rglob("*.jpg")) == [
        "b.jpg",
        "deep/a.jpg",
    ]
    assert (folder / "b.jpg").read_bytes() == (made / "b.jpg").read_bytes()


def test_link_that_leads_out_is_refused(client: TestClient, home: Home, tmp_path: Path) -> None:
    secret = put_photographs(tmp_path / "secret", "a.jpg")
    folder = put_photographs(tmp_path / "root", "b.jpg")
    (folder / "a.jpg").symlink_to(secret / "a.jpg")
    home.settings = Server(roots=(str(folder),))
    answer = client.post("/v1/catalogue", json=bring(client) | {"pictures": str(folder)})
    assert answer.status_code == 422
    assert "outside" in answer.json()["detail"]
    assert home.catalogue is None


def test_open_question_stops_the_making(client: TestClient, home: Home) -> None:
    new = bring(client, TABLE + "c.jpg,dolphin,unknown\n")
    answer = client.post("/v1/catalogue", json=new)
    assert answer.status_code == 422
    assert "still to be answered" in answer.json()["detail"]
    assert home.catalogue is None
    assert client.post("/v1/catalogue", json=new | {"unknown": ["unknown"]}).status_code == 200


def test_boxes_of_the_table_are_written(client: TestClient, home: Home) -> None:
    table = (
        "image,individual_id,box_number,source,xmin,ymin,xmax,ymax\n"
        "a.jpg,1,1,fin,1,2,20,30\na.jpg,2,2,fin,30,2,50,30\nb.jpg,3,1,fin,5,5,20,20\n"
    )
    columns = {"image": "image", "individual_id": "individual_id", "box_number": "box_number"}
    new = bring(client, table, columns=columns)
    answer = client.post("/v1/catalogue", json=new)
    assert answer.status_code == 422
    assert "animal 2 of a.jpg" in answer.json()["detail"]  # without its box nobody knows where
    assert client.post("/v1/catalogue", json=new | {"boxes": new["table"]}).status_code == 200
    rows = (home.folder / "catalogue/boxes.csv").read_text().splitlines()
    assert rows[1] == "a.jpg,1,fin,1,2,20,30,,table"
    images = list(read_catalogue(home.folder / "catalogue/train.csv")["image"])
    assert images == ["a.jpg", "a.jpg#2", "b.jpg"]


def test_catalogue_is_chosen(client: TestClient, home: Home, tmp_path: Path) -> None:
    folder = put_photographs(tmp_path / "mine", "train_images/a.jpg", "train_images/b.jpg")
    home.settings = Server(roots=(str(tmp_path / "mine"),))
    answer = client.post("/v1/catalogue/choose", json={"folder": str(folder)})
    assert "it has no train.csv" in answer.json()["detail"]
    (folder / "train.csv").write_text(TABLE)
    assert client.post("/v1/catalogue/choose", json={"folder": str(folder)}).json()["images"] == 2
    assert home.catalogue == folder
    assert client.post("/v1/catalogue/choose", json={"folder": "/etc"}).status_code == 422
    (folder / "train.csv").unlink()
    told = client.get("/v1/catalogue").json()["catalogue"]
    assert "is gone" in told["problem"]


def test_a_catalogue_that_was_moved_is_chosen_where_it_is(
    client: TestClient, home: Home, tmp_path: Path
) -> None:
    home.settings = Server(roots=(str(tmp_path),))
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, home.folder / "catalogue"):
        put_photographs(folder / "train_images", "a.jpg")
        (folder / "train.csv").write_text("image,individual_id\na.jpg,A\n")
    (home.folder / "catalogue").rename(tmp_path / "aside")
    choose = "/v1/catalogue/choose"
    assert client.post(choose, json={"folder": str(one)}).status_code == 200
    one.rename(two)
    assert "choose another" in client.get("/v1/catalogue").json()["catalogue"]["problem"]
    assert client.post(choose, json={"folder": str(two)}).json()["images"] == 1
    assert home.catalogue == two
    two.rename(one)
    (tmp_path / "aside").rename(own := home.folder / "catalogue")
    assert client.post(choose, json={"folder": str(own)}).json()["images"] == 1
    assert home.catalogue == own
    assert client.post(choose, json={"folder": str(one)}).status_code == 409


def test_start_from_nothing(client: TestClient, home: Home) -> None:
    assert client.post("/v1/catalogue/none").status_code == 200
    assert home.catalogue is None
    assert client.post("/v1/catalogue", json=bring(client)).status_code == 200


def test_second_picture_of_a_name_is_refused(client: TestClient, home: Home) -> None:
    assert bring_pictures(client, a_jpg=jpeg(1)).json()["kept"] == 1
    again = bring_pictures(client, a_jpg=jpeg(1)).json()
    assert (again["kept"], again["left_out"], again["count"]) == (1, [], 1)
    other = bring_pictures(client, a_jpg=jpeg(2), page_jpg=b"<html>").json()
    assert [one["name"] for one in other["left_out"]] == ["a.jpg", "page.jpg"]
    assert (brought(home) / "pictures/a.jpg").read_bytes() == jpeg(1)
    client.delete("/v1/catalogue/brought")
    assert not brought(home).exists()


def test_table_that_nobody_can_look_at_is_refused(client: TestClient) -> None:
    wide = ",".join(f"column {number}" for number in range(5000)).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(60_000_000))
    for content, why in ((wide, "more than 1,000 columns"), (packed.getvalue(), "million cells")):
        files = {"table": ("table.xlsx", content)}
        answer = client.post("/v1/catalogue/table", files=files)
        assert answer.status_code == 422
        assert why in answer.json()["detail"]


@pytest.mark.parametrize("body", ["[]", '{"folder": 7}', "{", "[" * 100_000])
def test_wrong_json_instead_of_pictures_is_a_sentence(client: TestClient, body: str) -> None:
    kind = {"Content-Type": "application/json"}
    answer = client.post("/v1/catalogue/pictures", content=body, headers=kind)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("number", ["../../etc", "0" * 12, "x", ""])
def test_table_that_is_not_there(client: TestClient, number: str) -> None:
    new = {"table": number, "columns": COLUMNS, "pictures": "uploaded"}
    assert client.post("/v1/catalogue", json=new).status_code == 422


class Killed(BaseException):
    """The process ends here."""


def _nothing_or_whole(home: Home) -> None:
    folder = home.folder / "catalogue"
    if folder.exists():
        table = read_catalogue(folder / "train.csv", folder=folder / "train_images")
        assert list(table["individual_id"]) == ["09913", "Old_Tom"]
        assert home.catalogue == folder
    else:
        assert home.catalogue is None


@pytest.mark.parametrize("call", ["replace", "link", "rmtree", "fsync"])
def test_kill_at_each_file_call(client: TestClient, home: Home, monkeypatch, call: str) -> None:
    """Wherever the making is killed, the catalogue is not there or whole; then it can be made."""
    from tf_happywhale.server.catalogue import catalogue_work
    from tf_happywhale.server.catalogue.brought_table import Answers

    new, module = bring(client), shutil if call == "rmtree" else os
    real, left = getattr(module, call), [0]

    def failing(*args: object, **named: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(*args, **named)

    for nth in range(1, 50):
        left[0] = nth
        monkeypatch.setattr(module, call, failing)
        try:
            catalogue_work.make(home, new["table"], Answers(COLUMNS), "uploaded", None)
        except Killed:
            monkeypatch.setattr(module, call, real)
            _nothing_or_whole(home)
            if home.catalogue is None:
                continue
        monkeypatch.setattr(module, call, real)
        break
    assert home.catalogue is not None
    _nothing_or_whole(home)


NAMES = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["../../x.jpg", "/etc/passwd", "C:\\x.jpg", "con.jpg", "..", ".", ".hidden.jpg", "a\0b.jpg"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES)
def test_hostile_names_stay_inside(name: str) -> None:
    parts = safe_path(name).split("/")
    assert parts
    for part in parts:
        assert part not in ("", ".", "..")
        assert not part.startswith(".")
        assert len(part.encode()) <= 255
        assert not set(part) & set('\\:*?"<>|\0')


@settings(max_examples=100)
@given(
    names=st.lists(st.sampled_from(["a.jpg", "x/a.jpg", "y/a.jpg", "b.jpg", "x/b", "b"])),
    files=st.sets(st.sampled_from(["a.jpg", "x/a.jpg", "z/y/a.jpg", "b.jpg", "x/b.png"])),
)
def test_each_name_means_one_photograph_at_most(names: list[str], files: set[str]) -> None:
    found = matched_names(names, sorted(files))
    assert set(found.values()) <= files
    assert len(set(found.values())) == len(found)
