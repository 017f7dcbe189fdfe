from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.catalogue.photographs.test_exif_time import photograph
from tf_happywhale.catalogue import dataset
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.dataset import DataSet, load_data, reading_once
from tf_happywhale.config import Pod, load_experiment
from tf_happywhale.disk.hashes import ContentHashes
from tf_happywhale.errors import InputError

CATALOGUE = "image,species,individual_id\nb.jpg,kiler_whale,10\na.jpg,,09913\nc.jpg,x,10\n"
BOXES = "image,source,xmin,ymin,xmax,ymax,confidence,origin\nb.jpg,fullbody,1,2,3,4,1,manual\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "North Sea-2020"
    for split, names in (("train", "abc"), ("test", "zyx")):
        (folder / f"{split}_images").mkdir(parents=True)
        for name in names:
            (folder / f"{split}_images" / f"{name}.jpg").write_bytes(b"")
    (folder / "train.csv").write_text(CATALOGUE)
    return folder


def load(root: Path, *overrides: str) -> DataSet:
    return load_data(load_experiment(None, [f"data.root={root}", "data.folds=2", *overrides]))


def test_a_data_folder_is_read_in_file_order(root: Path) -> None:
    data = load(root)
    assert data.name == "North_Sea_2020"
    assert data.images == ["b.jpg", "a.jpg", "c.jpg"]
    assert data.individual_ids == ["10", "09913", "10"]
    assert data.order == ["09913", "10"]
    assert data.targets.tolist() == [1, 0, 1]
    assert list(data.catalogue["species"]) == ["kiler_whale", "", "x"]
    assert data.folds[0] != data.folds[2]
    assert (data.train_folder, data.test_folder) == (root / "train_images", root / "test_images")
    assert data.answers == {}
    assert data.boxes == {}


def test_individuals_folds_and_species_are_found_by_name(root: Path) -> None:
    data = load(root)
    assert data.individual_of == {"b.jpg": "10", "a.jpg": "09913", "c.jpg": "10"}
    assert data.fold_of == dict(zip(["b.jpg", "a.jpg", "c.jpg"], data.folds, strict=True))
    assert data.species_of == {"10": "x", "09913": ""}
    assert set(data.without([("train", "b.jpg")]).fold_of) == {"a.jpg", "c.jpg"}


def test_test_images_come_in_the_submissions_order_or_by_name(root: Path) -> None:
    assert load(root).test_images == ["x.jpg", "y.jpg", "z.jpg"]
    (root / "sample_submission.csv").write_text("image,predictions\nz.jpg,1\nx.jpg,1\n")
    assert load(root).test_images == ["z.jpg", "x.jpg"]


def test_answers_are_read_where_there_are_some(root: Path) -> None:
    (root / "answers.csv").write_text("image,individual_id\nz.jpg,09913\ny.jpg,new_individual\n")
    assert load(root).answers == {"z.jpg": "09913", "y.jpg": "new_individual"}


def test_boxes_are_those_of_the_source_or_none_for_whole(root: Path) -> None:
    (root / "boxes.csv").write_text(BOXES)
    assert load(root).boxes == {"b.jpg": Box(1, 2, 3, 4)}
    assert load(root, "records.source=whole").boxes == {}
    with pytest.raises(InputError, match="no box of source 'backfin'"):
        load(root, "records.source=backfin")


def test_a_photograph_of_two_animals_has_a_box_for_each(root: Path) -> None:
    head = "image,source,xmin,ymin,xmax,ymax,confidence,origin,box_number"
    (root / "train.csv").write_text(CATALOGUE.replace("\n", ",\n", 1) + "a.jpg,,10,2\n")
    text = (root / "train.csv").read_text().replace("individual_id,", "individual_id,box_number")
    (root / "train.csv").write_text(text)
    boxes = f"{head}\na.jpg,fullbody,1,2,3,4,,manual,\na.jpg,fullbody,5,6,7,8,.9,yolo,2\n"
    (root / "boxes.csv").write_text(boxes)
    data = load(root)
    assert data.images == ["b.jpg", "a.jpg", "c.jpg", "a.jpg#2"]
    assert data.boxes == {"a.jpg": Box(1, 2, 3, 4), "a.jpg#2": Box(5, 6, 7, 8)}
    (root / "boxes.csv").write_text(boxes.replace(",yolo,2", ",yolo,3"))
    with pytest.raises(InputError, match=r"lists animal 2 of a\.jpg, but .* has no box of it"):
        load(root)
    assert load(root, "records.source=whole").boxes == {}


def test_a_boxes_file_that_is_named_must_be_there(root: Path) -> None:
    (root / "mine.csv").write_text(BOXES.replace("1,2,3,4", "5,6,7,8"))
    (root / "boxes.csv").write_text(BOXES)
    assert load(root, "data.boxes=mine.csv").boxes == {"b.jpg": Box(5, 6, 7, 8)}
    with pytest.raises(InputError, match=r"no file .*other\.csv"):
        load(root, "data.boxes=other.csv")


def test_folds_follow_the_config(root: Path) -> None:
    assert sorted(load(root, "data.folds=3").folds.tolist()) == [0, 1, 2]
    with pytest.raises(InputError, match="no encounter column"):
        load(root, "data.fold_by=encounter")


def test_folds_by_burst_read_the_cameras_day_once(root: Path, monkeypatch, tmp_path: Path) -> None:
    """a and c show 10 and were taken on one day; the file says so, the table does not."""
    for name, taken in (("a", "2021:05:14 08:00:00"), ("b", "2021:05:13 09:00:00"),
                        ("c", "2021:05:13 09:00:03")):  # fmt: skip
        (root / "train_images" / f"{name}.jpg").write_bytes(photograph("JPEG", taken))
    settings = ("data.fold_by=burst", f"output={tmp_path / 'out'}")
    fold = load(root, *settings).fold_of
    assert fold["b.jpg"] == fold["c.jpg"] != fold["a.jpg"]
    assert load(root, "data.fold_by=auto").folds[0] != load(root, "data.fold_by=auto").folds[2]
    monkeypatch.setattr(ContentHashes, "_read", None)  # a second look would fail
    assert load(root, *settings).fold_of == fold


def test_the_tables_day_counts_before_the_cameras(root: Path, tmp_path: Path) -> None:
    for name in "abc":
        (root / "train_images" / f"{name}.jpg").write_bytes(photograph("JPEG", "2021:05:13"))
    rows = CATALOGUE.replace("id\n", "id,date\n").replace("10\na", "10,2021-06-01\na")
    (root / "train.csv").write_text(rows.replace("09913\n", "09913,\n").replace(",10\n", ",10,\n"))
    fold = load(root, "data.fold_by=burst", f"output={tmp_path / 'out'}").fold_of
    assert fold["b.jpg"] != fold["c.jpg"]


def test_an_image_that_is_not_there_is_refused(root: Path) -> None:
    (root / "train_images" / "a.jpg").unlink()
    with pytest.raises(InputError, match=r"Line 3 of .*train\.csv lists 'a\.jpg', .*train_images"):
        load(root)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("w.jpg,1\n", r"Line 2 of .*sample_submission\.csv lists 'w\.jpg'"),
        ("z.jpg,1\nz.jpg,1\n", "twice"),
        ("../test_images/z.jpg,1\n", "not inside the image folder"),
    ],
)
def test_a_sample_submission_that_cannot_be_met_is_refused(root: Path, rows: str, said) -> None:
    (root / "sample_submission.csv").write_text(f"image,predictions\n{rows}")
    with pytest.raises(InputError, match=said):
        load(root)


@pytest.mark.parametrize("missing", ["train.csv", "test_images"])
def test_an_incomplete_data_folder_is_refused(root: Path, missing: str) -> None:
    (root / missing).rename(root / "elsewhere")
    with pytest.raises(InputError, match=missing):
        load(root)


def test_a_data_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no data folder .*absent: set data\.root"):
        load(tmp_path / "absent")


def test_without_a_data_folder_the_pod_is_drawn(root: Path, tmp_path: Path, monkeypatch) -> None:
    asked = {}

    def draw(folder: Path, pod: Pod, seed: int, workers: int) -> None:
        asked.update(individuals=pod.individuals, width=pod.width, seed=seed)
        root.rename(folder)

    monkeypatch.setattr(dataset, "write_pod", draw)
    overrides = [f"output={tmp_path}", "data.folds=2", "pod.individuals=9", "pod.width=300"]
    data = load_data(load_experiment(None, [*overrides, "seed=5"]))
    assert data.train_folder == tmp_path / "pod" / "train_images"
    assert (asked["individuals"], asked["width"], asked["seed"]) == (9, 300, 5)


def test_a_table_that_names_no_source_cannot_serve_two(root: Path) -> None:
    (root / "boxes.csv").write_text("image,bbox,conf\nb.jpg,[[1 2 3 4]],1\n")
    two = ("records.source=fullbody", "records.more_sources=[backfin]")
    assert load(root, "records.source=fullbody").boxes == {"b.jpg": Box(1, 2, 3, 4)}
    with pytest.raises(InputError, match="want backfin and fullbody: add a column source"):
        load(root, *two)
    (root / "fins.csv").write_text("image,bbox,conf\nb.jpg,[[5 6 7 8]],1\n")
    data = load(root, *two, "data.boxes={fullbody: boxes.csv, backfin: fins.csv}")
    assert data.more_boxes == {"backfin": {"b.jpg": Box(5, 6, 7, 8)}}


def test_an_image_is_left_out_of_its_own_split_only(root: Path) -> None:
    data = load(root)
    first = data.images[0]
    shared = replace(data, test_images=[first, *data.test_images])
    assert first not in shared.without({("train", first)}).images
    assert shared.without({("train", first)}).test_images == shared.test_images
    assert shared.without({("test", first)}).images == data.images
    assert shared.without({("test", first)}).test_images == data.test_images


SIGHTINGS = """\
ID;dt;photo;side;lat;Größe;note\r
09913;02-Jun-15;001-0206\\DSC_0001;R;57,6;1,5;1\r
Zoë;02-Jun-15;001-0206\\DSC_0002;L;57,6;;1\r
;;;;;;\r
Old Tom;03/06/15;002-0306\\DSC_0001;L;57,7;"2,5";2\r
Old Tom;03/06/15;002-0306\\DSC_0002;;57,7;2;2\r
?;03/06/15;002-0306\\DSC_0003;R;57,7;2;2\r
"""


def test_a_table_of_sightings_is_imported_by_mapping_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for n in (1, 2, 3):
        for trip in ("001-0206", "002-0306"):
            file = tmp_path / "photos" / trip / f"DSC_000{n}.JPG"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"")
    (tmp_path / "new").mkdir()
    (tmp_path / "sightings.csv").write_bytes(SIGHTINGS.encode("utf-8-sig"))
    data = load(
        tmp_path,
        "data.catalogue=sightings.csv",
        "data.train_images=photos",
        "data.test_images=new",
        "data.columns={individual_id: ID, image: photo, viewpoint: side, date: dt}",
        'data.unknown=["?"]',
    )
    rows = data.catalogue[["image", "individual_id", "viewpoint", "date"]].to_numpy().tolist()
    assert rows == [
        ["001-0206/DSC_0001.JPG", "09913", "right", "2015-06-02"],
        ["001-0206/DSC_0002.JPG", "Zoë", "left", "2015-06-02"],
        ["002-0306/DSC_0001.JPG", "Old Tom", "left", "03/06/15"],
        ["002-0306/DSC_0002.JPG", "Old Tom", "", "03/06/15"],
    ]
    assert "1 of 5 rows are left out by data.unknown" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("who", "says"),
    [
        (" 09913", r"answers\.csv: '\[U\+0020\]09913' looks the same as '09913' in the catalogue"),
        ("０9913", "looks the same as '09913'"),
        ("?", r"'\?' may mean that nobody knows.*data\.unknown='\[\"\?\"\]'.*new_individual"),
        ("Unknown", "'Unknown' may mean that nobody knows"),
        ("#REF!", "an error of the spreadsheet"),
    ],
)
def test_an_answer_that_may_be_somebody_known_or_nobody_is_refused(
    root: Path, who: str, says: str
) -> None:
    (root / "answers.csv").write_text(f'image,individual_id\nz.jpg,"{who}"\n', encoding="utf-8")
    with pytest.raises(InputError, match=says):
        load(root)


def test_answers_of_individuals_that_the_catalogue_lacks_are_told(root: Path, capsys) -> None:
    (root / "answers.csv").write_text("image,individual_id\nz.jpg,9913\ny.jpg,10\nx.jpg,?\n")
    answers = load(root, 'data.unknown=["?"]').answers
    assert answers == {"z.jpg": "new_individual", "y.jpg": "10"}
    assert "1 of 2 images show individuals that are not in the catalogue, such as '9913'" in (
        capsys.readouterr().out
    )
    (root / "answers.csv").write_text("image,individual_id\nz.jpg,New_Individual\n")
    assert load(root).answers == {"z.jpg": "new_individual"}
    assert capsys.readouterr().out == ""


def test_answers_of_no_image_to_identify_are_refused(root: Path) -> None:
    (root / "answers.csv").write_text("image,individual_id\nother.jpg,10\n")
    with pytest.raises(
        InputError, match=r"none of the images to identify, such as 'x\.jpg', but 'o"
    ):
        load(root)


def test_answers_are_matched_with_the_images_by_name(root: Path) -> None:
    (root / "answers.csv").write_text("Image;Individual_ID\nz;09913\n")
    assert load(root).answers == {"z.jpg": "09913"}


def test_a_catalogue_is_read_once_within_reading_once_and_each_time_without(root: Path) -> None:
    with reading_once():
        first = load(root)
        (root / "train.csv").write_text(CATALOGUE.replace("09913", "7"))
        assert load(root) is first
        assert load(root, "train.epochs=3", "image_size=96") is first
        assert load(root, "data.folds=3") is not first
        assert load(root, "records.source=whole") is not first
    assert load(root).order == ["10", "7"]
    assert load(root) is not load(root)
