"""Exports and imports from beginning to end: whole or not at all, and never outside a folder."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.exchange.sighted import ODD_IDS, WHOLE, row, write_catalogue
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.every_format import FORMATS
from tf_happywhale.exchange.package import Package, Picture, write_folder
from tf_happywhale.exchange.transfer import export_catalogue, import_catalogue, list_formats
from tf_happywhale.galleries.gallery_folder import is_gallery
from tf_happywhale.sightings.table import read_sightings

SETTINGS = load_experiment(None, ["exchange.timezone=+02:00"])
BACK = [name for name in FORMATS if name != "megadetector"]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [WHOLE, {**WHOLE, "image": "trip/a b.jpg#2", "box": "40,10,89,59"}]
    rows += [
        {**WHOLE, "image": f"{n}.jpg", "individual_id": who, "box": ""}
        for n, who in enumerate(ODD_IDS)
    ]
    rows += [row("é..x.png", "alone")]
    return write_catalogue(tmp_path_factory.mktemp("catalogue"), rows)


def out_of(name: str, folder: Path) -> Path:
    return folder / f"out{FORMATS[name].file}"


@pytest.mark.parametrize("name", BACK)
def test_a_catalogue_goes_out_and_comes_back(name: str, catalogue: Path, tmp_path: Path) -> None:
    out = out_of(name, tmp_path)
    said = export_catalogue(name, catalogue, out, SETTINGS)
    assert said[0] == f"{out}: of 10 animals in 9 photographs, 8 individuals"
    own = {"camtrapr", "darwin-core"}  # which name the photographs and do not copy them
    more = [f"exchange.folder={catalogue / 'train_images'}"] if name in own else []
    import_catalogue(name, out, tmp_path / "back", load_experiment(None, more))
    back = read_sightings(tmp_path / "back")
    whole = name not in ("camtrapr", "camtrap-dp")  # which need a date, a time and a place
    assert set(back["individual_id"]) == {*ODD_IDS, *(["alone"] if whole else [])}
    first = back.iloc[0]
    assert (first["date"], first["place"], first["encounter"]) == ("2021-04-03", "Inner Bay", "E1")
    boxed = name in ("wildlife-datasets", "coco", "camtrap-dp", "fiftyone")
    assert (first["box"] == "3,4,33,31") == boxed
    for path in back["picture"]:
        assert cv2.imread(path) is not None
    assert not is_gallery(tmp_path / "back")


def test_the_pictures_are_the_same_and_crops_are_cut(catalogue: Path, tmp_path: Path) -> None:
    source = (catalogue / "train_images" / "trip" / "a b.jpg").read_bytes()
    export_catalogue("coco", catalogue, tmp_path / "coco", SETTINGS)
    assert (tmp_path / "coco" / "images" / "trip" / "a b.jpg").read_bytes() == source
    export_catalogue("crops", catalogue, tmp_path / "crops", SETTINGS)
    crop = cv2.imread(str(tmp_path / "crops" / "09913" / "trip_a b.jpg"))
    assert crop.shape == (27, 30, 3)
    whole = cv2.imdecode(np.frombuffer(source, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(crop.astype(int) - whole[4:31, 3:33]).mean() < 8  # it is a JPEG


def test_tables_alone(catalogue: Path, tmp_path: Path) -> None:
    tables = load_experiment(None, ["exchange.pictures=false"])
    export_catalogue("wildlife-datasets", catalogue, tmp_path / "out", tables)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["metadata.csv"]
    with pytest.raises(InputError, match=r"set exchange\.folder .* or exchange\.pictures=false"):
        import_catalogue("wildlife-datasets", tmp_path / "out", tmp_path / "back", SETTINGS)
    assert not (tmp_path / "back").exists()
    import_catalogue("wildlife-datasets", tmp_path / "out", tmp_path / "back", tables)
    assert sorted(path.name for path in (tmp_path / "back").iterdir()) == ["boxes.csv", "train.csv"]
    assert len(read_sightings(tmp_path / "back")) == 10


def test_boxes_of_megadetector_are_read_as_boxes(catalogue: Path, tmp_path: Path) -> None:
    from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows

    export_catalogue("megadetector", catalogue, tmp_path / "out.json", SETTINGS)
    boxes = [row for row in read_box_rows(tmp_path / "out.json") if row.box]
    assert [one.box.clip(90, 60).xmin for one in boxes] == [3, 40]
    with pytest.raises(InputError, match=r"name it with \.json at its end"):
        export_catalogue("megadetector", catalogue, tmp_path / "out", SETTINGS)


def test_nothing_is_written_over(catalogue: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine.txt").write_text("hours of work")
    for work in (export_catalogue, import_catalogue):
        with pytest.raises(InputError, match=r"There is .*there already"):
            work("coco", catalogue, there, SETTINGS)
    assert [path.name for path in there.iterdir()] == ["mine.txt"]
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"There is .*link already"):
        export_catalogue("coco", catalogue, link, SETTINGS)


def test_what_fails_half_way_leaves_nothing(catalogue: Path, tmp_path: Path, monkeypatch) -> None:
    real = shutil.copyfile

    def fail(source: Path, target: Path) -> None:
        if Path(source).name == "3.jpg":
            raise OSError(28, os.strerror(28), str(target))
        real(source, target)

    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(OSError, match="No space left"):
        export_catalogue("coco", catalogue, tmp_path / "out", SETTINGS)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_is_gone_is_named_before_anything_is_written(tmp_path: Path) -> None:
    home = write_catalogue(tmp_path / "home", [row("a.jpg"), row("b.jpg")])
    (home / "train_images" / "b.jpg").unlink()
    with pytest.raises(InputError, match=r"no picture .*b\.jpg, which becomes images/b\.jpg"):
        export_catalogue("wildlife-datasets", home, tmp_path / "out", SETTINGS)
    assert not (tmp_path / "out").exists()


def test_a_name_that_leads_out_of_an_export_is_refused(tmp_path: Path) -> None:
    """Such as in a gallery that somebody else has made."""
    (tmp_path / "a.jpg").write_bytes(b"x")
    for name in ("images/../../x.jpg", "/x.jpg"):
        package = Package({}, {name: Picture(tmp_path / "a.jpg")})
        with pytest.raises(InputError, match="leads out of"):
            write_folder(tmp_path / "out", package)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_boxes_in_shares_become_pixels(tmp_path: Path) -> None:
    home = write_catalogue(tmp_path / "home", [row("a.jpg"), row("b.jpg")])
    boxes = {"a.jpg": [0.1, 0.1, 0.5, 0.5], "b.jpg": [0, 0, 0.5, 0.25]}
    images = [
        {"file": name, "detections": [{"category": "1", "conf": 0.9, "bbox": four}]}
        for name, four in boxes.items()
    ]
    tree = {"detection_categories": {"1": "animal"}, "images": images}
    (home / "d.json").write_text(json.dumps(tree))
    read = read_sightings(home, load_experiment(None, ["data.boxes=d.json"]).data)
    assert list(read["box"]) == ["9,6,54,36", "0,0,45,15"]
    settings = load_experiment(None, ["data.boxes=d.json"])
    export_catalogue("megadetector", home, tmp_path / "out.json", settings)
    made = json.loads((tmp_path / "out.json").read_text())["images"]
    assert [one["detections"][0]["bbox"] for one in made] == list(boxes.values())


ESCAPES = ["../secret.jpg", "/etc/passwd", "a/../../secret.jpg", "..\\secret.jpg", "C:\\x.jpg", ""]


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("pictures", ["true", "false"])
def test_paths_that_lead_out_of_the_folder_are_refused(
    path: str, pictures: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    home = tmp_path / "home"
    (home / "a").mkdir(parents=True)
    with (home / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image_id", "identity", "path"], ["1", "A", path]])
    settings = load_experiment(None, [f"exchange.pictures={pictures}"])
    with pytest.raises(InputError, match=r"Line 2 .*not inside the folder of the pictures"):
        import_catalogue("wildlife-datasets", home, tmp_path / "back", settings)
    assert not (tmp_path / "back").exists()


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    home = tmp_path / "home" / "A"
    home.mkdir(parents=True)
    (home / "a.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(InputError, match="a link that leads out of"):
        import_catalogue("crops", home.parent, tmp_path / "back", SETTINGS)


def test_an_absolute_path_in_the_folder_that_a_person_named(tmp_path: Path) -> None:
    home = write_catalogue(tmp_path / "home", [row("S1/a.jpg")])
    table = tmp_path / "t.csv"
    pictures = home / "train_images"
    table.write_text(f"Station,Individual,Directory,FileName\nS1,7,{pictures}/S1,a.jpg\n")
    with pytest.raises(InputError, match=r"set exchange\.folder"):
        import_catalogue("camtrapr", table, tmp_path / "back", SETTINGS)
    named = load_experiment(None, [f"exchange.folder={pictures}"])
    import_catalogue("camtrapr", table, tmp_path / "back", named)
    assert list(read_sightings(tmp_path / "back")["image"]) == ["S1/a.jpg"]


def coco(folder: Path, **image: object) -> Path:
    tree = {
        "images": [{"id": 1, "file_name": "a.jpg", **image}],
        "annotations": [{"id": 1, "image_id": 1, "name": "A"}],
    }
    folder.mkdir(exist_ok=True)
    (folder / "annotations.json").write_text(json.dumps(tree))
    return folder


def test_pictures_in_two_places_are_not_guessed(tmp_path: Path) -> None:
    home = coco(tmp_path / "home")
    (home / "images").mkdir()
    for path in (home / "a.jpg", home / "images" / "a.jpg"):
        cv2.imwrite(str(path), np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(InputError, match=r"is in .* and in .*: set exchange\.folder"):
        import_catalogue("coco", home, tmp_path / "back", SETTINGS)
    named = load_experiment(None, [f"exchange.folder={home / 'images'}"])
    said = import_catalogue("coco", home, tmp_path / "back", named)
    assert said[0].endswith("1 animals in 1 photographs, 1 individuals")


def test_dates_that_can_be_read_in_two_ways_are_refused(tmp_path: Path) -> None:
    home = coco(tmp_path / "home", date_captured="3/4/2021")
    cv2.imwrite(str(home / "a.jpg"), np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(InputError, match=r"set data\.date_order=day_first or"):
        import_catalogue("coco", home, tmp_path / "back", SETTINGS)
    order = load_experiment(None, ["data.date_order=day_first"])
    import_catalogue("coco", home, tmp_path / "back", order)
    assert list(read_sightings(tmp_path / "back")["date"]) == ["2021-04-03"]


def test_animals_that_nobody_knows_are_counted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    lines = ["image_id,identity,path", "1,unknown,a.jpg", "2,B,a.jpg", "3,C,a.jpg"]
    (home / "metadata.csv").write_text("\n".join(lines))
    cv2.imwrite(str(home / "a.jpg"), np.zeros((9, 9, 3), np.uint8))
    said = import_catalogue("wildlife-datasets", home, tmp_path / "back", SETTINGS)
    assert said[1] == "1 animals without an individual are left out"
    assert said[2].startswith("1 further animals of a photograph have no box: add it to boxes.csv")
    assert list(read_sightings(tmp_path / "back")["image"]) == ["a.jpg", "a.jpg#2"]
    unknown = load_experiment(None, ["data.unknown=[b]"])
    said = import_catalogue("wildlife-datasets", home, tmp_path / "one", unknown)
    assert said[1] == "2 animals without an individual are left out"
    (home / "metadata.csv").write_text("\n".join(lines[:2]))
    with pytest.raises(InputError, match=r"names no individual \(1 animals without one\)"):
        import_catalogue("wildlife-datasets", home, tmp_path / "back2", SETTINGS)


def test_ids_that_may_mean_nobody_or_somebody_else_are_told(tmp_path: Path) -> None:
    """R writes NA for what is missing."""
    table = tmp_path / "records.csv"
    known = enumerate(["T", "NA", "NA"], 1)
    lines = [f"S1,seal,{who},2024-01-0{n} 10:00:00,{n}.jpg" for n, who in known]
    table.write_text(
        "\n".join(["Station,Species,Individual,DateTimeOriginal,FileName", *lines, ""])
    )
    without = ["exchange.pictures=false"]
    said = import_catalogue("camtrapr", table, tmp_path / "new", load_experiment(None, without))
    assert f"{table}: 'NA' (2 images) counts as one animal" in said[1]
    table.write_text(table.read_text().replace("NA", "T ", 1).replace("NA", "1.23E+11"))
    said = import_catalogue("camtrapr", table, tmp_path / "more", load_experiment(None, without))
    assert "look the same but count as different" in said[1] and "'1.23E+11'" in said[2]
    table.write_text(table.read_text().replace("T ", "NA").replace("1.23E+11", "NA"))
    left_out = load_experiment(None, [*without, 'data.unknown=["NA"]'])
    said = import_catalogue("camtrapr", table, tmp_path / "other", left_out)
    assert said[1:] == ["2 animals without an individual are left out"]


def test_each_format_has_two_lines() -> None:
    assert len(list_formats()) == 2 * len(FORMATS)
    with pytest.raises(InputError, match="no format 'cocoo': the nearest are coco"):
        export_catalogue("cocoo", Path("x"), Path("y"), SETTINGS)
