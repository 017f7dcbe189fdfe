from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.catalogue.photographs.test_exif_time import photograph
from tests.retrieval.conftest import embed
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import make_gallery
from tf_happywhale.sightings.table import COLUMNS, read_sightings

HEAD = "image,species,individual_id,date,time,latitude,longitude,place,viewpoint,quality"


def gallery(folder: Path, **columns: list[str]) -> Path:
    images = embed([0, 90], ["a.jpg", "a.jpg#2"], ["007", "8"], {"model": "m"})
    for name, cells in columns.items():
        images.columns[name] = np.array(cells)
    make_gallery(folder, images)
    return folder


def catalogue(root: Path, *rows: str, head: str = HEAD) -> Path:
    root.mkdir(exist_ok=True)
    (root / "train.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    return root


def test_a_gallery_is_a_table_with_every_column_as_text(tmp_path: Path) -> None:
    folder = gallery(
        tmp_path / "g",
        date=["2021-04-03 10:22:59", ""],
        box=["full body 1 2 30 40", ""],
        picture=["p.jpg", ""],
        viewpoint=["left", ""],
        encounter=["e1", ""],
    )
    table = read_sightings(folder)
    assert tuple(table.columns) == COLUMNS
    assert table.loc[0].to_dict() == dict.fromkeys(COLUMNS, "") | {
        "image": "a.jpg",
        "individual_id": "007",
        "date": "2021-04-03",
        "time": "10:22:59",
        "box_number": "1",
        "box": "1,2,30,40",
        "picture": str(folder / "p.jpg"),
        "viewpoint": "left",
        "encounter": "e1",
    }
    assert (table.loc[1, "image"], table.loc[1, "box_number"]) == ("a.jpg#2", "2")
    assert {type(cell) for cell in table.to_numpy().ravel()} == {str}


def test_a_catalogue_folder_has_its_boxes_and_pictures(tmp_path: Path) -> None:
    row = "a.jpg,seal,1,3 May 2021,2:30 pm,57.68123,11.5,Onsala,L,Q2"
    root = catalogue(tmp_path / "c", row, "b.jpg,seal,2,,,,,,,")
    (root / "train_images").mkdir()
    (root / "boxes.csv").write_text(
        "image,source,xmin,ymin,xmax,ymax\na.jpg,head,5,6,7,8\na.jpg,body,1,2,30,40\n", "utf-8"
    )
    table = read_sightings(root)
    assert table.loc[0].to_dict() == dict.fromkeys(COLUMNS, "") | {
        "image": "a.jpg",
        "individual_id": "1",
        "species": "seal",
        "date": "2021-05-03",
        "time": "14:30",
        "latitude": "57.68123",
        "longitude": "11.5",
        "place": "Onsala",
        "viewpoint": "left",
        "quality": "Q2",
        "box_number": "1",
        "box": "5,6,7,8",
        "picture": str(root / "train_images" / "a.jpg"),
    }
    assert table.loc[1, "box"] == ""


def test_a_table_alone_is_read_by_its_own_names(tmp_path: Path) -> None:
    file = tmp_path / "seen.csv"
    file.write_text("Foto,ID,Tag,Ort\na.jpg,1,3.4.2021,Onsala\n", encoding="utf-8")
    columns = {"image": "Foto", "individual_id": "ID", "date": "Tag", "place": "Ort"}
    said = r"Line 2 of .*seen\.csv has the date '3\.4\.2021'.*data\.date_order=day_first"
    with pytest.raises(InputError, match=said):
        read_sightings(file, Data(columns=columns))
    table = read_sightings(file, Data(columns=columns, date_order="day_first"))
    assert table.loc[0, ["date", "place", "picture"]].tolist() == ["2021-04-03", "Onsala", ""]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.jpg,,1,2021-02-30,,,,,,", "Line 2 .* no such day"),
        ("a.jpg,,1,2021-02-03,25:00,,,,,", "Line 2 .* not a time of day"),
        (
            "a.jpg,,1,2021-02-03 9:00,10:00,,,,,",
            "a.jpg in .* time 09:00 behind its date, but 10:00",
        ),
        ("a.jpg,,1,2021-02-03 9:00:01,9:00:02,,,,,", "09:00:01 behind its date, but 09:00:02"),
        ("a.jpg,,1,2021-02-03 9:00+02,9:00-05,,,,,", "behind its date, but 09:00-05:00 in"),
        ("a.jpg,,1,,,57,,,,", "Line 2 .* a latitude and no longitude"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_sightings(catalogue(tmp_path / "c", row))


def test_a_gallerys_odd_date_is_refused_with_its_image(tmp_path: Path) -> None:
    folder = gallery(tmp_path / "g", date=["3/4/2021", ""])
    with pytest.raises(InputError, match=r"a\.jpg in .*g has the date '3/4/2021'.*two ways"):
        read_sightings(folder)
    table = read_sightings(folder, Data(date_order="month_first"))
    assert table["date"].tolist() == ["2021-03-04", ""]


def test_a_date_without_a_day_is_not_known_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = gallery(tmp_path / "g", date=["2021-04", "2021-05-06"])
    assert read_sightings(folder)["date"].tolist() == ["", "2021-05-06"]
    assert "1 of 2 dates name no day, such as '2021-04'" in capsys.readouterr().out


def test_a_place_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither a gallery .* nor a table"):
        read_sightings(tmp_path)
    with pytest.raises(InputError, match=r"There is no .*seen\.csv: check"):
        read_sightings(tmp_path / "seen.csv")


def test_the_animals_of_a_photograph_are_of_one_day_and_different(tmp_path: Path, capsys) -> None:
    file = tmp_path / "seen.csv"
    head = "image,box_number,individual_id,date\n"
    file.write_text(head + "a.jpg,1,x,2021-04-03 10:00\na.jpg,2,y,\na.jpg,3,x,2021-04-03\n")
    assert len(read_sightings(file)) == 3
    said = "1 animals are an individual that their photograph shows already, such as x in a.jpg"
    assert said in capsys.readouterr().out
    file.write_text(head + "a.jpg,1,x,2021-04-03\na.jpg,2,y,2021-04-04\n")
    with pytest.raises(InputError, match=r"a\.jpg in .* the dates 2021-04-03 and 2021-04-04"):
        read_sightings(file)


def test_cameras_say_when_where_a_catalogues_table_does_not(tmp_path: Path, capsys) -> None:
    root = catalogue(
        tmp_path / "c",
        "a.jpg,,007,,,,,,,",
        "b.jpg,,007,2015-05-14,,,,,,",
        "c.jpg,,8,,09:00,,,,,",
        "gone.jpg,,8,,,,,,,",
    )
    (root / "train_images").mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        taken = photograph("JPEG", "2015:05:13 10:22:59")
        (root / "train_images" / name).write_bytes(taken)
    table = read_sightings(root, home=tmp_path / "home")
    assert list(table["date"]) == ["2015-05-13", "2015-05-14", "2015-05-13", ""]
    assert list(table["time"]) == ["10:22:59", "", "09:00", ""]
    assert (
        "2 of 4 of the catalogue's images have their date from the camera"
        in capsys.readouterr().out
    )
    assert (tmp_path / "home" / "content.json").is_file()
    assert read_sightings(root).equals(table)


def test_two_times_of_day_that_agree_are_one(tmp_path: Path) -> None:
    row = "a.jpg,,1,2021-02-03 9:00:01,9:00+02:00,,,,,"
    assert read_sightings(catalogue(tmp_path / "c", row))["time"].tolist() == ["09:00+02:00"]
