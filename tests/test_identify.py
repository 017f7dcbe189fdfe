"""Photographs to pages and back into the gallery, with a model that is no good but quick."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from PIL import Image

import tf_happywhale as hw
from tests.conftest import QUICK
from tf_happywhale import export, identify, why
from tf_happywhale import gallery as gallery
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import Experiment, dump_experiment, load_experiment
from tf_happywhale.disk.files import write_text
from tf_happywhale.errors import Incomplete, InputError
from tf_happywhale.galleries.gallery_folder import open_gallery
from tf_happywhale.inference.embedding.identifier import load_identifier
from tf_happywhale.inference.gallery.reference_images import embed_catalogue
from tf_happywhale.retrieval.embeddings import load_embeddings, save_embeddings
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.retrieval.ranking.learned import Learned


class Trip:
    """A run folder, its data, and a folder of new photographs."""

    def __init__(self, pod: Path, folder: Path) -> None:
        self.folder, self.data, self.run = folder, folder / "data", folder / "out/quick/fold0"
        shutil.copytree(pod, self.data)
        self.photos = folder / "trip"
        shutil.copytree(self.data / "test_images", self.photos)
        shutil.copy(self.data / "boxes.csv", self.photos)
        experiment = load_experiment(
            None,
            [
                *QUICK,
                "records.size=128",
                "data.fold_by=open",
                f"data.root={self.data}",
                f"output={folder / 'out'}",
            ],
        )
        write_text(self.run / "config.yaml", dump_experiment(experiment))
        keras.utils.set_random_seed(1)
        network = keras.Sequential(
            [
                keras.Input((None, None, 3), name="picture"),
                keras.layers.Rescaling(1 / 255),
                keras.layers.Conv2D(8, 5, 4, activation="relu"),
                keras.layers.Resizing(3, 3),
                keras.layers.Flatten(),
            ]
        )
        self.finish(self.run, network)

    def finish(self, run: Path, network: keras.Model) -> None:
        """Leave a model and its embeddings of the catalogue in a run folder, as of fold 0."""
        network.save(run / "model.keras")
        data = load_data(load_experiment(run / "config.yaml"))
        folds = data.fold_of
        _, identifier = load_identifier(run, [f"output={self.folder / 'first'}"])
        embedded, _ = embed_catalogue(self.data, identifier, Experiment())
        trained_on = all_but(0, "records", folds)
        save_embeddings(
            run / "embeddings" / "train.npz",
            replace(embedded, about=embedded.about | {"fold": "0", "trained_on": trained_on}),
        )

    def identify(self, whom: Path, *words: object, output: str = "found") -> list[dict[str, str]]:
        """The predictions."""
        given = [str(word) for word in words]
        places = [word for word in given if "=" not in word] or [str(self.photos)]
        overrides = [word for word in given if "=" in word]
        identify.main(
            [str(self.run), str(whom), *places],
            [f"output={self.folder / output}", "match.use=never", *overrides],
        )
        return self.table("predictions.csv", output)

    def table(self, name: str, output: str = "found") -> list[dict[str, str]]:
        with (self.folder / output / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def trip(pod: Path, tmp_path_factory: pytest.TempPathFactory) -> Trip:
    return Trip(pod, tmp_path_factory.mktemp("trip"))


def test_every_photograph_is_ranked_and_shown(trip: Trip, capsys) -> None:
    rows = trip.identify(trip.data)
    photos = sorted(file.name for file in trip.photos.glob("*.jpg"))
    assert sorted({row["image"] for row in rows}) == photos
    known = {row["individual_id"] for row in csv.DictReader((trip.data / "train.csv").open())}
    for row in rows:
        assert row["individual_id"] in known | {"new_individual"}
        assert 0 <= float(row["p_new"]) <= 1
    page = (trip.folder / "found" / "report" / "index.html").read_text("utf-8")
    assert page.count('class="query"') == len(photos)
    said = capsys.readouterr().out
    assert f"{len(photos)} of {len(photos)} photographs have a box of source backfin" in said
    for stage in ("the model", "embedding the gallery", "embedding the photographs", "the pages"):
        assert f"{stage}: " in said


def test_a_picture_goes_through_a_model_once(trip: Trip, monkeypatch) -> None:
    first = trip.identify(trip.data)

    def load(*_: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("tf_happywhale.run_folders.model_files.load_model", load)
    assert trip.identify(trip.data) == first
    renamed = trip.folder / "renamed"
    renamed.mkdir()
    picture = sorted(trip.photos.glob("*.jpg"))[0]
    shutil.copy(picture, renamed / "another.jpg")
    with (renamed / "boxes.csv").open("w") as file:
        file.write((trip.photos / "boxes.csv").read_text().replace(picture.name, "another.jpg"))
    again = trip.identify(trip.data, renamed)
    assert [row["score"] for row in again] == [
        row["score"] for row in first if row["image"] == picture.name
    ]


def test_the_embeddings_are_those_of_the_models_own_pipeline(trip: Trip) -> None:
    """The crop of the box, squashed, through the model: computed here step by step."""
    trip.identify(trip.data)
    queries = load_embeddings(trip.folder / "found" / "queries.npz")
    network = keras.saving.load_model(trip.run / "model.keras")
    picture = cv2.imread(str(trip.photos / queries.image[0]))[:, :, ::-1]
    _, left, top, right, bottom = queries.column("box")[0].split(" ")
    crop = picture[int(top) : int(bottom), int(left) : int(right)]
    small = cv2.resize(crop, (32, 32), interpolation=cv2.INTER_AREA)
    expected = np.asarray(network(small[None]))[0]
    cosine = expected @ queries.embedding[0]
    cosine /= np.linalg.norm(expected) * np.linalg.norm(queries.embedding[0])
    assert cosine > 0.995
    assert queries.column("side")[0] == str(min(crop.shape[:2]))


def test_encounters_rank_together_and_make_one_block(trip: Trip) -> None:
    folder = trip.folder / "encounters"
    for n, file in enumerate(sorted(trip.photos.glob("*.jpg"))):
        target = folder / ("sight" if n < 3 else "") / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    rows = trip.identify(trip.data, folder, "identify.encounters=folders", output="together")
    ranked: dict[str, list] = {}
    for row in rows:
        ranked.setdefault(row["image"], []).append((row["individual_id"], row["score"]))
    together = [ids for image, ids in ranked.items() if image.startswith("sight/")]
    assert len(together) == 3 and together[0] == together[1] == together[2]
    page = (trip.folder / "together" / "report" / "index.html").read_text("utf-8")
    assert page.count('class="query"') == len(ranked) - 2 and "3 photographs" in page


def taken(photo: Path, moment: str) -> None:
    """Give a photograph the camera's time."""
    picture = Image.open(photo)
    exif = picture.getexif()
    exif[0x8769] = {0x9003: moment}
    picture.save(photo, quality=95, exif=exif.tobytes())


def test_when_and_which_side_go_from_the_photographs_into_the_catalogue(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    """Two of the catalogue's images have the camera's time; the table gives one of them another."""
    root, whales, photos = tmp_path / "data", tmp_path / "whales", tmp_path / "new"
    shutil.copytree(trip.data, root)
    head, first, second, *rest = (root / "train.csv").read_text().splitlines()
    rows = [f"{first},2015-06-01,R", f"{second},,L", *(f"{row},2014-07-02,L" for row in rest)]
    (root / "train.csv").write_text("\n".join([f"{head},date,viewpoint", *rows]) + "\n")
    images = [row.split(",")[0] for row in (first, second)]
    for image in images:
        taken(root / "train_images" / image, "2015:05:13 10:22:59")
    for folder, photo in zip(("left", "right"), sorted(trip.photos.glob("*.jpg")), strict=False):
        (photos / folder).mkdir(parents=True)
        shutil.copy(photo, photos / folder / "a.jpg")
    taken(photos / "right" / "a.jpg", "2016:06:03 16:31:31")
    keys = ["identify.viewpoint=folders", f"identify.boxes={tmp_path / 'boxes.csv'}"]
    (tmp_path / "boxes.csv").write_text(
        "image,source,xmin,ymin,xmax,ymax\nleft/a.jpg,backfin,,,,\n"
    )
    gallery.main(["build", str(trip.run), str(root), str(whales)], [f"output={tmp_path / 'o'}"])
    said = capsys.readouterr().out
    assert f"1 of {2 + len(rest)} of the gallery's images have their date from the camera" in said
    assert f"such as {images[0]}: 2015-06-01, not 2015-05-13. The table's counts." in said
    known = open_gallery(whales).images()
    row = {image: n for n, image in enumerate(known.image.tolist())}
    found = {(known.column("date")[row[i]], known.column("viewpoint")[row[i]]) for i in images}
    assert found == {("2015-06-01", "right"), ("2015-05-13 10:22:59", "left")}
    trip.identify(whales, photos, *keys, output="dated")
    table = {row["image"]: row for row in trip.table("photographs.csv", "dated")}
    facts = [(table[f"{side}/a.jpg"]["date"], table[f"{side}/a.jpg"]["viewpoint"]) for side in
             ("left", "right")]  # fmt: skip
    assert facts == [("", "left"), ("2016-06-03 16:31:31", "right")]
    assert table["right/a.jpg"]["time"] == "16:31:31"
    page = (trip.folder / "dated" / "report" / "index.html").read_text("utf-8")
    assert "<bdi>2016-06-03 16:31, right</bdi>" in page and "<bdi>left</bdi>" in page
    assert "<bdi>2014-07-02, left</bdi>" in page
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("image,decision,individual_id\nright/a.jpg,new,Luna\n")
    gallery.main(["add", str(whales), str(decisions)], [f"output={trip.folder / 'dated'}"])
    assert (root / "train.csv").read_text().splitlines()[-1].endswith(",Luna,2016-06-03,R")
    gallery.main(["export", str(whales), str(tmp_path / "export.csv")], [])
    last = [row for row in (tmp_path / "export.csv").read_text().splitlines() if "Luna" in row]
    assert len(last) == 1 and last[0].endswith(",Luna,2016-06-03,16:31:31,right")


def test_animals_known_from_the_same_side_come_first_and_nobody_is_cut(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    """Of every other individual the catalogue has the right side only."""
    root = tmp_path / "data"
    shutil.copytree(trip.data, root)
    head, *rows = (root / "train.csv").read_text().splitlines()
    place = head.split(",").index("individual_id")
    ids = sorted({row.split(",")[place] for row in rows})
    side = {who: ("left", "right")[n % 2] for n, who in enumerate(ids)}
    rows = [f"{row},{side[row.split(',')[place]]}" for row in rows]
    (root / "train.csv").write_text("\n".join([f"{head},viewpoint", *rows]) + "\n")
    keys = [f"rank.candidates={len(ids) + 1}", "rank.new=column"]
    plain = trip.identify(trip.data, *keys, output="plain")
    assert trip.identify(root, *keys, output="sided") == plain
    ignored = ["identify.viewpoint=left", "identify.sides=ignore"]
    assert trip.identify(root, *keys, *ignored, output="sided") == plain
    assert "come before those known only" not in capsys.readouterr().out
    rows = trip.identify(root, *keys, "identify.viewpoint=left", output="sided")
    said = capsys.readouterr().out
    count = len(trip.table("photographs.csv", "sided"))
    assert f"The side of {count} of {count} animals is known" in said
    assert f"another side ({len(ids) // 2} of {len(ids)} for left)." in said
    page = (trip.folder / "sided" / "report" / "index.html").read_text("utf-8")
    assert "come before those known only from another side" in page
    for image in {row["image"] for row in rows}:
        mine = [row for row in rows if row["image"] == image]
        order = [row["individual_id"] for row in mine if row["reference_image"]]
        scores = {row["individual_id"]: float(row["score"]) for row in mine}
        assert sorted(order) == ids
        before = {r["individual_id"]: float(r["score"]) for r in plain if r["image"] == image}
        assert order == sorted(order, key=lambda who: (side[who] == "right", -scores[who]))
        assert scores == pytest.approx(before, abs=2e-6)
        threshold = scores["new_individual"]
        place = [row["individual_id"] for row in mine].index("new_individual")
        assert all(scores[who] > threshold for who in order[:place])
        assert place == len(order) or scores[order[place]] <= threshold


def test_an_encounter_of_two_animals_is_said_shown_and_not_forced_into_one(
    trip: Trip, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    folder = trip.folder / "mixed"
    (folder / "sight").mkdir(parents=True)
    first = {row["image"]: row["individual_id"] for row in trip.identify(trip.data)[::-1]}
    animals = {who: image for image, who in first.items() if who != "new_individual"}
    for image in list(animals.values())[:2]:
        shutil.copy(trip.photos / image, folder / "sight" / image)
    shutil.copy(trip.photos / "boxes.csv", folder / "sight")
    monkeypatch.setattr(Learned, "p_right", lambda _, score: np.ones(len(score)))
    keys = ["identify.encounters=folders"]
    rows = trip.identify(trip.data, folder, *keys, output="mixed_out")
    said = "The photographs of the encounter sight point to different animals: "
    assert said in capsys.readouterr().out
    best = {row["image"]: row["individual_id"] for row in rows if row["reference_image"]}
    assert len(best) == 2
    for row in trip.table("photographs.csv", "mixed_out"):
        assert row["encounter"] == "sight" and row["warnings"].startswith(said)
    page = (trip.folder / "mixed_out" / "report" / "index.html").read_text("utf-8")
    assert page.count('class="query"') == 2 and "⚠ The photographs of the encounter" in page


def test_boxes_of_a_detectors_json_are_those_of_the_table(trip: Trip, capsys) -> None:
    """Shares of the picture, names with their folder in front, one row of no photograph."""
    before = trip.identify(trip.data)
    boxes = {row["image"]: row["box"] for row in trip.table("photographs.csv")}
    images = [{"file": "elsewhere/x.jpg", "detections": []}]
    for name, box in boxes.items():
        height, width = cv2.imread(str(trip.photos / name)).shape[:2]
        left, top, right, low = map(int, box.split()[1:])
        corner_and_size = [left / width, top / height, (right - left) / width, (low - top) / height]
        seen = [{"category": "1", "conf": 0.9, "bbox": corner_and_size}]
        seen.append({"category": "2", "conf": 1.0, "bbox": [0.1, 0.1, 0.2, 0.2]})  # a person
        images.append({"file": f"{trip.photos.name}\\{name}", "detections": seen})
    file = trip.folder / "detections.json"
    kinds = {"1": "animal", "2": "person"}
    file.write_text(json.dumps({"detection_categories": kinds, "images": images}))
    after = trip.identify(trip.data, f"identify.boxes={file}", output="by_json")
    said = capsys.readouterr().out
    assert f"1 of {2 * len(boxes) + 1} rows of {file} name no photograph" in said
    assert {row["image"]: row["box"] for row in trip.table("photographs.csv", "by_json")} == boxes
    assert [row["individual_id"] for row in after] == [row["individual_id"] for row in before]


def test_the_boxes_of_several_folders_are_each_folders_own(trip: Trip) -> None:
    """Both photographs have one name, the two tables different boxes of it."""
    first, second = sorted(trip.photos.glob("*.jpg"))[:2]
    head, *lines = (trip.photos / "boxes.csv").read_text().splitlines()
    folders = [trip.folder / "trip1", trip.folder / "trip2"]
    for folder, photo in zip(folders, (first, second), strict=True):
        folder.mkdir()
        shutil.copy(photo, folder / "a.jpg")
        own = [line.replace(photo.name, "a.jpg") for line in lines if line.startswith(photo.name)]
        (folder / "boxes.csv").write_text("\n".join([head, *own]) + "\n")
    trip.identify(trip.data, output="one_folder")
    trip.identify(trip.data, *folders, output="two_folders")
    boxes = {row["image"]: row["box"] for row in trip.table("photographs.csv", "one_folder")}
    found = {row["image"]: row["box"] for row in trip.table("photographs.csv", "two_folders")}
    assert found == {"trip1/a.jpg": boxes[first.name], "trip2/a.jpg": boxes[second.name]}
    assert boxes[first.name] != boxes[second.name]


def test_why_is_drawn_for_each_candidate_and_on_demand_for_one(trip: Trip, capsys) -> None:
    photo = sorted(trip.photos.glob("*.jpg"))[0]
    rows = trip.identify(trip.data, photo, "report.why=true", output="why")
    shown = [row for row in rows if row["reference_image"]][:5]
    page = (trip.folder / "why" / "report" / "index.html").read_text("utf-8")
    assert len(shown) > 2 and page.count("parts that correspond</figcaption>") == len(shown)
    row = shown[-1]
    who, output = row["individual_id"], [f"output={trip.folder / 'why'}"]
    why.main([str(trip.run), str(trip.data), str(photo), who], output)
    said = capsys.readouterr().out
    assert f"{row['reference_image']}, an image of {who}: score {float(row['score']):.3f}" in said
    drawn = cv2.imread(str(trip.folder / "why" / "why" / f"{photo.stem}_{who}.png"))
    assert drawn.shape == (2 * 384 + 12, 2 * 384 + 12, 3) and drawn.std() > 10
    with pytest.raises(InputError, match="There is no individual Nobody"):
        why.main([str(trip.run), str(trip.data), str(photo), "Nobody"], output)
    with pytest.raises(InputError, match="is a folder: name one photograph"):
        why.main([str(trip.run), str(trip.data), str(trip.photos), who], output)


def test_one_reference_image_in_all_is_enough(trip: Trip) -> None:
    small = trip.folder / "small"
    shutil.copytree(trip.data / "train_images", small / "train_images")
    lines = (trip.data / "train.csv").read_text().splitlines()
    (small / "train.csv").write_text("\n".join(lines[:2]) + "\n")
    rows = trip.identify(small, output="one")
    photos = len(list(trip.photos.glob("*.jpg")))
    assert len(rows) == 2 * photos
    assert {row["individual_id"] for row in rows} == {lines[1].split(",")[2], "new_individual"}


def test_what_cannot_be_read_is_left_out_with_its_reason(trip: Trip, capsys) -> None:
    folder = trip.folder / "broken"
    folder.mkdir()
    good = sorted(trip.photos.glob("*.jpg"))[0]
    shutil.copy(good, folder / "good.jpg")
    (folder / "bad.jpg").write_bytes(good.read_bytes()[:500])
    for name in ("text.png", "copy_of_text.png"):
        (folder / name).write_text("no picture")
    with pytest.raises(Incomplete, match=r"3 of the photographs have no answer .* others are done"):
        trip.identify(trip.data, folder, output="part")
    rows = trip.table("predictions.csv", "part")
    assert {row["image"] for row in rows} == {"good.jpg"}
    said = {row["image"]: row["warnings"] for row in trip.table("photographs.csv", "part")}
    assert "cut off" in said["bad.jpg"] and "cannot be read" in said["text.png"]
    assert "cannot be read" in said["copy_of_text.png"]
    assert "left out: bad.jpg" in capsys.readouterr().out
    (folder / "good.jpg").unlink()
    with pytest.raises(InputError, match="No photograph can be read"):
        trip.identify(trip.data, folder, output="part")


def test_small_blurred_and_doubtful_crops_are_warned_of(trip: Trip) -> None:
    folder = trip.folder / "poor"
    folder.mkdir()
    picture = cv2.imread(str(sorted(trip.photos.glob("*.jpg"))[0]))
    cv2.imwrite(str(folder / "small.png"), cv2.resize(picture, (60, 40)))
    cv2.imwrite(str(folder / "blurred.png"), cv2.GaussianBlur(picture, (0, 0), 20))
    rows = ["image,source,xmin,ymin,xmax,ymax,confidence,origin"]
    rows.append("blurred.png,backfin,10,10,290,190,0.1,yolo")
    (folder / "boxes.csv").write_text("\n".join(rows) + "\n")
    trip.identify(trip.data, folder, "quality.min_side=50", output="warned")
    said = {row["image"]: row["warnings"] for row in trip.table("photographs.csv", "warned")}
    assert said["small.png"] == "Small: 40 pixels."
    assert said["blurred.png"] == "Blurred. The detector was not sure of the box (10%)."
    page = (trip.folder / "warned" / "report" / "index.html").read_text("utf-8")
    assert "⚠ Blurred." in page


BOXES = "image,source,xmin,ymin,xmax,ymax,confidence,origin"


def pod_of_two(trip: Trip, folder: Path) -> list[Path]:
    """Two photographs of the trip pasted side by side into one, with a box of each; and the two."""
    first, second = sorted(trip.photos.glob("*.jpg"))[:2]
    left, right = (cv2.imread(str(file)) for file in (first, second))
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "two.png"), np.concatenate([left, right], axis=1))
    cv2.imwrite(str(folder / "one.png"), left)
    across, down = left.shape[1], left.shape[0]
    (folder / "boxes.csv").write_text(
        f"{BOXES}\none.png,backfin,0,0,{across},{down},0.9,yolo\n"
        f"two.png,backfin,0,0,{across},{down},0.8,yolo\n"
        f"two.png,backfin,{across},0,{2 * across},{down},0.7,yolo\n"
        f"two.png,backfin,{across + 9},0,{2 * across},{down},0.6,yolo\n"
        f"two.png,backfin,{across},0,{across + 30},30,0.1,yolo\n"
    )
    return [first, second]


def test_each_animal_of_a_photograph_is_a_query_of_its_own(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    pod_of_two(trip, tmp_path / "photos")
    rows = trip.identify(trip.data, tmp_path / "photos", output="several")
    said = capsys.readouterr().out
    assert "2 of 2 photographs have a box of source backfin" in said
    assert "1 of 2 photographs show several animals, 2 in all" in said
    ranked: dict[tuple[str, str], list] = {}
    for row in rows:
        ranked.setdefault((row["image"], row["box_number"]), []).append(row["score"])
    assert list(ranked) == [("one.png", "1"), ("two.png", "1"), ("two.png", "2")]
    assert ranked["two.png", "1"] == ranked["one.png", "1"]  # the same pixels
    assert ranked["two.png", "2"] != ranked["one.png", "1"]
    seen = trip.table("photographs.csv", "several")
    assert [(row["image"], row["box_number"]) for row in seen] == list(ranked)
    assert seen[1]["box"] != seen[2]["box"]
    queries = load_embeddings(trip.folder / "several" / "queries.npz")
    assert queries.image.tolist() == ["one.png", "two.png", "two.png#2"]
    page = (trip.folder / "several" / "report" / "index.html").read_text("utf-8")
    assert page.count('class="query"') == 3 and page.count('class="whole"') == 2
    for name in ("one.png", "two.png, animal 1 of 2", "two.png, animal 2 of 2"):
        assert f"<h2><bdi>{name}</bdi></h2>" in page
    trip.identify(trip.data, tmp_path / "photos", "identify.animals=best", output="several")
    assert [r["image"] for r in trip.table("photographs.csv", "several")] == ["one.png", "two.png"]


def test_animals_are_decided_added_and_found_again_one_by_one(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    """The catalogue lists the photograph twice; records, gallery and ranking take both animals."""
    root, whales, photos = tmp_path / "catalogue", tmp_path / "whales", tmp_path / "photos"
    shutil.copytree(trip.data, root)
    pod_of_two(trip, photos)
    (photos / "one.png").unlink()
    gallery.main(["build", str(trip.run), str(root), str(whales)], [f"output={tmp_path / 'o'}"])
    trip.identify(whales, photos, output="decided")
    boxes = [row["box"] for row in trip.table("photographs.csv", "decided")]
    decisions = tmp_path / "decisions.csv"
    for number, who in ((2, "Luna"), (1, "Old_Tom")):
        decisions.write_text(
            "image,box_number,decision,individual_id,rank,encounter,box\n"
            f"two.png,{number},new,{who},,,{boxes[number - 1]}\n"
        )
        capsys.readouterr()
        gallery.main(["add", str(whales), str(decisions)], [f"output={trip.folder / 'decided'}"])
        assert "gallery: 1 images added, 0 were there already" in capsys.readouterr().out
    decisions.write_text("image,decision,individual_id,rank\ntwo.png,skip,,\n")
    with pytest.raises(InputError, match=r"decisions\.csv decides on nothing"):
        gallery.main(["add", str(whales), str(decisions)], [f"output={trip.folder / 'decided'}"])
    rows = trip.identify(whales, photos, output="again")
    best = {row["box_number"]: row for row in rows if row["rank"] == "1"}
    assert {n: row["individual_id"] for n, row in best.items()} == {"1": "Old_Tom", "2": "Luna"}
    for number, row in best.items():
        assert (row["reference_image"], row["reference_box_number"]) == ("two.png", number)
        assert float(row["score"]) > 0.9999
    gallery.main(["verify", str(whales)], [])
    gallery.main(["export", str(whales), str(root / "export.csv")], [])
    # The catalogue as it is now, and as it was exported with its boxes, is read again.
    for keys in ([], ["data.catalogue=export.csv", "data.boxes=export.csv"]):
        given = [str(trip.run), str(root), str(photos), f"output={tmp_path / 'again'}", *keys]
        identify.main(given[:3], given[3:])
        with (tmp_path / "again" / "predictions.csv").open() as file:
            found = [row for row in csv.DictReader(file) if row["rank"] == "1"]
        assert [row["individual_id"] for row in found] == ["Old_Tom", "Luna"]
    gallery.main(["move", str(whales), "two.png#2", "Moby"], [])
    assert open_gallery(whales).images().individual_id.tolist()[-2:] == ["Moby", "Old_Tom"]


def test_a_photograph_of_several_animals_is_not_forced_into_its_encounter(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    folder = tmp_path / "photos" / "sight"
    photos = pod_of_two(trip, folder)
    boxes = (folder / "boxes.csv").read_text().replace("two.png", "sight/two.png")
    (tmp_path / "photos" / "boxes.csv").write_text(boxes)
    (folder / "boxes.csv").unlink()
    for n, photo in enumerate(photos):
        shutil.copy(photo, folder / f"{n}.jpg")
    asked = [trip.data, tmp_path / "photos", "identify.encounters=folders"]
    rows = trip.identify(*asked, output="mixed")
    assert (
        "2 animals are in photographs of an encounter that show several" in capsys.readouterr().out
    )
    ranked: dict[tuple[str, str], list] = {}
    for row in rows:
        ranked.setdefault((row["image"], row["box_number"]), []).append(row["individual_id"])
    together = [ranked[f"sight/{name}", "1"] for name in ("0.jpg", "1.jpg", "one.png")]
    assert together[0] == together[1] == together[2]
    page = (trip.folder / "mixed" / "report" / "index.html").read_text("utf-8")
    assert page.count('class="query"') == 3 and "3 photographs" in page
    assert {r["encounter"] for r in trip.table("photographs.csv", "mixed")} == {"sight"}


class MiddleNetwork:
    """Stands in for a network: sees a fin in the middle of a square, none in the dark."""

    sources, side = ("backfin",), 64

    def __init__(self) -> None:
        self.looked_at = 0

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        self.looked_at += len(pictures)
        outputs = np.zeros((len(pictures), 5, 1), np.float32)
        outputs[:, :4, 0] = 32, 32, 32, 16
        outputs[:, 4, 0] = 0.9 * pictures[:, 24:40].max(axis=(1, 2, 3)) / 255
        return outputs


def test_a_detector_draws_the_boxes_that_no_table_has(
    trip: Trip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """Of a 300×200 photograph the middle is 75 to 225, 65 to 140, ends rounded."""
    network, weights = MiddleNetwork(), tmp_path / "fins.onnx"
    monkeypatch.setattr("tf_happywhale.detection.detector.open_network", lambda *_: network)
    weights.write_text("weights")
    data, photos = tmp_path / "data", tmp_path / "photos"
    shutil.copytree(trip.data, data)
    (data / "boxes.csv").unlink()
    shutil.copytree(data / "test_images", photos)
    names = sorted(file.name for file in photos.iterdir())
    cv2.imwrite(str(photos / "dark.png"), np.full((200, 300, 3), 20, np.uint8))
    head = "image,source,xmin,ymin,xmax,ymax,confidence,origin"
    (photos / "boxes.csv").write_text(f"{head}\n{names[0]},backfin,10,20,110,120,,manual\n")
    keys = [f"identify.detector={weights}", "quality.min_confidence=1"]
    rows = trip.identify(data, photos, *keys, output="drawn")
    said = capsys.readouterr().out
    known = len(list((data / "train_images").iterdir()))
    assert f"gallery: the detector finds a backfin in {known} of {known} without a box" in said
    found = f"finds a backfin in {len(names) - 1} of {len(names)} without a box"
    assert f"photographs: the detector {found}" in said
    seen = {row["image"]: row for row in trip.table("photographs.csv", "drawn")}
    assert seen[names[0]]["box"] == "backfin 10 20 110 120" and not seen[names[0]]["confidence"]
    assert {seen[name]["box"] for name in names[1:]} == {"backfin 75 65 225 140"}
    for name in names[1:]:
        assert "The detector was not sure of the box" in seen[name]["warnings"]
    assert seen["dark.png"]["box"] == ""
    assert "The detector found no box" in seen["dark.png"]["warnings"]
    everything = network.looked_at
    assert everything == known + len(names)
    assert trip.identify(data, photos, *keys, output="drawn") == rows
    assert network.looked_at == everything
    gallery.main(
        ["build", str(trip.run), str(data), str(tmp_path / "whales")],
        [keys[0], f"output={trip.folder / 'drawn'}"],
    )
    assert network.looked_at == everything
    boxes = open_gallery(tmp_path / "whales").images().column("box")
    assert set(boxes.tolist()) == {"backfin 75 65 225 140"}


def test_a_detector_that_cannot_be_used_is_one_sentence(
    trip: Trip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "photos"
    shutil.copytree(trip.data / "test_images", photos)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    for name, sentence in (
        ("gone.onnx", r"There is no detector .*gone\.onnx"),
        ("fins.onnx", r"pip install onnxruntime\.$"),
        ("fins.pt", r"pip install 'tf-happywhale\[detect\]' .*AGPL-3\.0"),
    ):
        weights = tmp_path / name
        if name.startswith("fins"):
            weights.write_text("weights")
        with pytest.raises(InputError, match=sentence):
            trip.identify(trip.data, photos, f"identify.detector={weights}", output="undrawn")


def test_a_gallery_is_built_added_to_and_found_again(trip: Trip, capsys) -> None:
    whales = trip.folder / "whales"
    root = trip.folder / "catalogue"
    shutil.copytree(trip.data, root)
    gallery.main(["build", str(trip.run), str(root), str(whales)], ["output=" + str(whales) + "_o"])
    with pytest.raises(InputError, match=r"There is a .*whales already"):
        gallery.main(["build", str(trip.run), str(root), str(whales)], [])
    from_folder = trip.identify(trip.data, output="a")
    assert trip.identify(whales, output="b") == from_folder
    images = sorted({row["image"] for row in from_folder})
    decisions = trip.folder / "decisions.csv"
    rows = [f"{image},new,animal_{n}" for n, image in enumerate(images)]
    decisions.write_text("image,decision,individual_id\n" + "\n".join(rows) + "\n")
    gallery.main(["add", str(whales), str(decisions)], [f"output={trip.folder / 'b'}"])
    found = [row for row in trip.identify(whales, output="c") if row["rank"] == "1"]
    assert {row["image"]: row["individual_id"] for row in found} == {
        image: f"animal_{n}" for n, image in enumerate(images)
    }
    assert all(float(row["score"]) > 0.9999 for row in found)
    capsys.readouterr()
    for words in (["verify"], ["info"], ["rename", "animal_0", "Old_Tom"]):
        gallery.main([words[0], str(whales), *words[1:]], [])
    gallery.main(["export", str(whales), str(trip.folder / "export.csv")], [])
    said = capsys.readouterr().out
    assert "nothing wrong" in said and f"{len(open_gallery(whales))} images of" in said
    assert "Old_Tom" in (trip.folder / "export.csv").read_text()
    (root / "train_images" / images[0]).write_bytes(b"changed")
    with pytest.raises(InputError, match="has 2 faults"):  # and the catalogue has no Old_Tom
        gallery.main(["verify", str(whales)], [])
    other = open_gallery(whales)
    (whales / "gallery.json").write_text(
        json.dumps({"schema": 1, "about": other.about | {"model": "m2"}})
    )
    with pytest.raises(InputError, match=r"have model|lacks|is damaged"):
        trip.identify(whales, output="d")


def test_a_gallery_searched_by_its_index_answers_as_exactly_and_says_that_it_may_miss(
    trip: Trip, capsys
) -> None:
    pytest.importorskip("faiss")
    whales = trip.folder / "indexed"
    gallery.main(["build", str(trip.run), str(trip.data), str(whales)], ["match.use=never"])
    exact = trip.identify(whales, output="exactly")
    with pytest.raises(InputError, match="has no index: run `gallery index"):
        trip.identify(whales, "identify.search=index")
    with pytest.raises(InputError, match="needs a saved gallery"):
        trip.identify(trip.data, "identify.search=index")
    gallery.main(["index", str(whales)], [])
    capsys.readouterr()
    assert trip.identify(whales, "identify.search=index", output="by_index") == exact
    said = "Searched by the gallery's index, which may miss an individual"
    page = (trip.folder / "by_index" / "report" / "index.html").read_text("utf-8")
    for text in (capsys.readouterr().out, page):
        assert said in text.replace("&#x27;", "'")
        assert "100.0% of the five individuals that exact search finds" in text
    model = hw.load_model(trip.run, "match.use=never", "identify.search=index")
    found = model.identify(load_embeddings(trip.folder / "by_index" / "queries.npz"), whales)
    assert found["individual_id"].tolist() == [row["individual_id"] for row in exact]
    with pytest.raises(InputError, match=r"identify\.only needs every image of the gallery"):
        trip.identify(whales, "identify.search=index", "identify.only=[species]")


def test_without_the_models_catalogue_p_new_is_not_known(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    run = tmp_path / "fold0"
    shutil.copytree(trip.run, run)
    (run / "new_individuals.json").unlink(missing_ok=True)
    config = (run / "config.yaml").read_text().replace(str(trip.data), str(tmp_path / "gone"))
    (run / "config.yaml").write_text(config)
    identify.main([str(run), str(trip.data), str(trip.photos)], [f"output={tmp_path / 'o'}"])
    assert "P(new) is not known" in capsys.readouterr().out
    with (tmp_path / "o" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert all(row["p_new"] == "" for row in rows)
    assert all(row["individual_id"] != "new_individual" for row in rows if row["rank"] == "1")


def elsewhere(trip: Trip, folder: Path) -> Path:
    """The same catalogue, with other names of animals and photographs."""
    shutil.copytree(trip.data, folder)
    for table in ("train.csv", "boxes.csv"):
        with (folder / table).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row["image"] = f"x{row['image']}"
            if "individual_id" in row:
                row["individual_id"] = f"x{row['individual_id']}"
        with (folder / table).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    for picture in sorted((folder / "train_images").iterdir()):
        picture.rename(picture.with_name(f"x{picture.name}"))
    return folder


def test_of_animals_that_the_model_never_saw_the_gallery_teaches(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    other = elsewhere(trip, tmp_path / "elsewhere")
    own = trip.identify(trip.data, output="own")
    assert "The gallery" not in capsys.readouterr().out
    rows = trip.identify(other, output="other")
    said = capsys.readouterr().out
    questions = re.search(r"The gallery .* (\d+) photographs? of (\d+) individuals?", said)
    counts = Counter(row["individual_id"] for row in csv.DictReader((other / "train.csv").open()))
    assert int(questions[1]) == sum(count for count in counts.values() if count > 1)
    assert int(questions[2]) == sum(count > 1 for count in counts.values())
    assert "candidate misses " in said
    thresholds = [
        {row["score"] for row in found if row["individual_id"] == "new_individual"}
        for found in (own, rows)
    ]
    assert len(thresholds[1]) == 1
    assert thresholds[0] != thresholds[1]


def another_run(trip: Trip, folder: Path, **changed: str) -> Path:
    """A copy of the run, with other text in its config."""
    shutil.copytree(trip.run, folder)
    (folder / "new_individuals.json").unlink(missing_ok=True)
    config = (folder / "config.yaml").read_text("utf-8")
    for before, after in changed.items():
        assert f"{before}: " in config
        config = re.sub(rf"\b{before}: .*", f"{before}: {after}", config)
    (folder / "config.yaml").write_text(config, "utf-8")
    return folder


def test_nothing_is_learned_from_an_older_models_embeddings(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    run = another_run(trip, tmp_path / "fold0")
    network = keras.saving.load_model(run / "model.keras")
    network.set_weights([2 * weight + 0.1 for weight in network.get_weights()])
    network.save(run / "model.keras")
    identify.main([str(run), str(trip.data), str(trip.photos)], [f"output={tmp_path / 'o'}"])
    assert "are of an older model: run embed again" in capsys.readouterr().out
    assert not (run / "new_individuals.json").exists()


def test_a_catalogue_has_the_boxes_that_its_model_was_trained_with(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    data, table = tmp_path / "data", tmp_path / "detector" / "boxes.csv"
    shutil.copytree(trip.data, data)
    table.parent.mkdir()
    (data / "boxes.csv").rename(table)
    run = another_run(trip, tmp_path / "fold0", root=str(data), boxes=str(table))
    experiment, identifier = load_identifier(run, [f"output={tmp_path / 'o'}"])
    embedded, _ = embed_catalogue(data, identifier, experiment)
    assert all(box.startswith("backfin ") for box in embedded.column("box").tolist())
    count = len(embedded)
    said = capsys.readouterr().out
    assert f"{count} of {count} of the gallery's images have a box of source backfin" in said
    other = tmp_path / "other"  # of the same names, but other photographs
    shutil.copytree(data, other)
    embedded, _ = embed_catalogue(other, identifier, experiment)
    assert set(embedded.column("box").tolist()) == {""}


def test_an_ensemble_identifies_by_the_mean_of_its_members_cosines(trip: Trip) -> None:
    config = trip.folder / "ensemble.yaml"
    config.write_text(
        f"members:\n- {{path: {trip.run}, weight: 3}}\n- {{path: {trip.run}/embeddings}}\n"
    )
    one = trip.identify(trip.data, output="single")
    identify.main([str(config), str(trip.data), str(trip.photos)], [f"output={trip.folder / 'e'}"])
    two = trip.table("predictions.csv", "e")
    scores = [
        {(r["image"], r["individual_id"]): float(r["score"]) for r in rows if r["reference_image"]}
        for rows in (one, two)
    ]
    assert scores[0].keys() == scores[1].keys()
    assert all(math.isclose(scores[0][k], scores[1][k], abs_tol=2e-6) for k in scores[0])
    assert load_embeddings(trip.folder / "e" / "queries.npz").embedding.shape[1] == 2 * 72


def test_variants_identify_by_the_members_and_weights_that_ranking_would_choose(
    trip: Trip, capsys
) -> None:
    """The second variant's embedding is one number: to it all pictures are the same."""
    useless = trip.folder / "out/useless/fold0"
    useless.mkdir(parents=True)
    shutil.copy(trip.run / "config.yaml", useless)
    layers = keras.layers
    grey = layers.Conv2D(1, 1, kernel_initializer="ones", use_bias=False)
    trip.finish(
        useless,
        keras.Sequential([keras.Input((None, None, 3)), grey, layers.GlobalAveragePooling2D()]),
    )
    config = trip.folder / "variants.yaml"
    config.write_text(
        f"output: {trip.folder / 'out'}\ndata: {{root: {trip.data}, folds: 3}}\n"
        "variants:\n- {name: quick, fold: 0}\n- {name: useless, fold: 0}\n"
    )
    one = trip.identify(trip.data, output="single")

    def both(*keys: str) -> list[dict[str, str]]:
        places = [str(config), str(trip.data), str(trip.photos)]
        identify.main(places, [f"output={trip.folder / 'v'}", *keys])
        return trip.table("predictions.csv", "v")

    both("rank.centre_share=0.5")
    assert load_embeddings(trip.folder / "v" / "queries.npz").embedding.shape[1] == 72 + 1
    said = capsys.readouterr().out
    assert "2 models identify together" in said
    assert "rank.centre_share=0.5 does not count here: a gallery may know individuals" in said
    assert both("rank.weights=chosen") == one
    assert both("rank.members=1") == one
    assert "does not count here" not in capsys.readouterr().out


def test_without_their_catalogue_all_members_count_as_they_are_weighted(trip: Trip) -> None:
    run = trip.folder / "moved" / "fold0"
    shutil.copytree(trip.run, run)
    (run / "new_individuals.json").unlink(missing_ok=True)
    (run / "embeddings" / "train.npz").unlink()
    config = trip.folder / "moved.yaml"
    config.write_text(
        f"members: [{{path: {run}, weight: 2}}, {{path: {run}}}]\nrank: {{weights: chosen}}\n"
    )
    _, identifier = load_identifier(config, [f"output={trip.folder / 'm'}"])
    assert identifier.learned.shares == (2, 1)
    assert identifier.unknown.endswith("So all models count, by the weights that are given.")


def test_what_is_no_model_or_gallery_is_one_sentence(trip: Trip, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is one in .*fold0"):
        load_identifier(trip.folder / "out", [])
    with pytest.raises(InputError, match="There is no model"):
        load_identifier(tmp_path / "gone", [])
    with pytest.raises(InputError, match=r"has no train\.csv, the table of known animals"):
        trip.identify(tmp_path)


def test_a_model_is_exported_though_a_photograph_is_broken_and_boxes_are_of_others(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"No photograph in .* can be read"):
        export.main([str(trip.run), str(tmp_path / "a")], [f"export.photographs={photos}"])
    shutil.copy(sorted(trip.photos.glob("*.jpg"))[0], photos)
    head = "image,source,xmin,ymin,xmax,ymax,confidence,origin"
    (photos / "boxes.csv").write_text(f"{head}\nother.jpg,fullbody,1,2,30,40,1,manual\n")
    export.main([str(trip.run), str(tmp_path / "b")], [f"export.photographs={photos}"])
    assert "lowest cosine with Keras on 1 pictures 1.0" in capsys.readouterr().out


def test_an_exported_model_identifies_alike_without_keras(trip: Trip, monkeypatch, capsys) -> None:
    first, carried = trip.identify(trip.data, output="by_keras"), trip.folder / "carried"
    export.main([str(trip.run), str(carried)], [])
    assert "savedmodel: lowest cosine with Keras on 26 pictures 1.0" in capsys.readouterr().out
    assert sorted(file.name for file in carried.iterdir()) == [
        "config.yaml", "export.json", "new_individuals.json", "saved_model",
    ]  # fmt: skip

    def load(*_: object) -> None:
        raise AssertionError("Keras was asked for")

    monkeypatch.setattr("tf_happywhale.run_folders.model_files.load_model", load)
    places = [str(carried), str(trip.data), str(trip.photos)]
    identify.main(places, [f"output={trip.folder / 'by_export'}"])
    again = trip.table("predictions.csv", "by_export")
    columns = ("image", "rank", "individual_id", "reference_image")
    assert [[r[c] for c in columns] for r in again] == [[r[c] for c in columns] for r in first]
    for mine, other in zip(again, first, strict=True):
        assert math.isclose(float(mine["score"]), float(other["score"]), abs_tol=1e-4)
        assert math.isclose(float(mine["p_new"]), float(other["p_new"]), abs_tol=1e-3)
    with pytest.raises(InputError, match="already: remove it"):
        export.main([str(trip.run), str(carried)], [])
    with pytest.raises(InputError, match="export one model at a time"):
        export.main([str(carried), str(trip.folder / "twice")], [])
    with pytest.raises(InputError, match="There is no folder of photographs"):
        export.main([str(trip.run), str(trip.folder / "x")], ["export.photographs=/nowhere"])


def test_what_is_not_looked_at_is_listed_and_said_and_our_own_pages_are_not_photographs(
    trip: Trip, monkeypatch, capsys
) -> None:
    folder = trip.folder / "card"
    folder.mkdir()
    picture = sorted(trip.photos.glob("*.jpg"))[0]
    shutil.copy(picture, folder / "a.jfif")
    for name in ("film.MOV", "raw.cr2"):
        (folder / name).touch()
    words = [str(trip.run), str(trip.data), "."]
    monkeypatch.chdir(folder)
    for _ in range(2):  # the second time the folder holds the pages of the first
        identify.main(words, ["report.why=true"])
        with (folder / "identified/photographs.csv").open(encoding="utf-8") as file:
            rows = {row["image"]: row["warnings"] for row in csv.DictReader(file)}
        assert list(rows) == ["a.jfif", "film.MOV", "raw.cr2"]
        assert "save single pictures" in rows["film.MOV"]
        said = capsys.readouterr().out
        assert "not looked at: 1 .cr2 (such as raw.cr2), a camera's raw file" in said
    assert "left out: folders that this package wrote: 1 (identified/)" in said


def test_a_damaged_photograph_is_warned_of_each_time(trip: Trip, capsys) -> None:
    folder = trip.folder / "damaged"
    folder.mkdir()
    whole = sorted(trip.photos.glob("*.jpg"))[0].read_bytes()
    (folder / "half.jpg").write_bytes(whole[: len(whole) // 2] + b"\xff\xd9")
    for _ in range(2):  # the second time the embedding is known
        trip.identify(trip.data, folder, output="half")
        (row,) = trip.table("photographs.csv", "half")
        assert row["warnings"].startswith("Damaged: a part of the picture is missing or wrong")
        assert "half.jpg: Damaged: " in capsys.readouterr().out
        page = (trip.folder / "half/report/index.html").read_text("utf-8")
        assert "⚠ Damaged: a part of the picture is missing" in page


def test_each_reason_names_its_own_file(trip: Trip, monkeypatch) -> None:
    folder = trip.folder / "shut"
    folder.mkdir()
    good = sorted(trip.photos.glob("*.jpg"))
    for name, file in zip(("a.jpg", "b.jpg", "good.jpg"), good, strict=False):
        shutil.copy(file, folder / name)
    for name in ("x.jpg", "y.jpg"):
        (folder / name).write_bytes(b"the same")
    real = Path.open

    def refuse(self: Path, *words: object, **named: object):
        if self.parent == folder and self.name in ("a.jpg", "b.jpg"):
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *words, **named)

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", lambda self: self.open("rb").read())
    with pytest.raises(Incomplete, match="4 of the photographs have no answer"):
        trip.identify(trip.data, folder, output="shut_out")
    rows = trip.table("predictions.csv", "shut_out")
    assert {row["image"] for row in rows} == {"good.jpg"}
    said = {row["image"]: row["warnings"] for row in trip.table("photographs.csv", "shut_out")}
    for name in ("a.jpg", "b.jpg"):
        assert f"{name} may not be read" in said[name]
    assert said["y.jpg"].startswith("The same file as x.jpg: ")


def test_a_gallery_is_used_with_its_own_model_wherever_both_are_moved(
    trip: Trip, tmp_path: Path, capsys
) -> None:
    home = tmp_path / "home"
    shutil.copytree(trip.run, home / "fold0")
    keys = ["match.use=never", f"output={tmp_path / 'o'}"]
    gallery.main(["build", str(home / "fold0"), str(trip.data), str(home / "whales")], keys)
    named = [str(home / "fold0"), str(home / "whales"), str(trip.photos)]
    identify.main(named, [*keys, f"output={tmp_path / 'named'}"])
    shutil.move(home, tmp_path / "moved")
    whales = tmp_path / "moved" / "whales"
    capsys.readouterr()
    identify.main([str(whales), str(trip.photos)], [*keys, f"output={tmp_path / 'own'}"])
    assert "moved/fold0 is used, which embedded the gallery" in capsys.readouterr().out
    first, second = ((tmp_path / name / "predictions.csv") for name in ("named", "own"))
    assert first.read_text() == second.read_text()
    network = keras.saving.load_model(tmp_path / "moved" / "fold0" / "model.keras")
    network.set_weights([2 * weight + 0.1 for weight in network.get_weights()])
    network.save(tmp_path / "moved" / "fold0" / "model.keras")  # as if it was trained again
    with pytest.raises(InputError, match="is another model than the one that embedded"):
        identify.main([str(whales), str(trip.photos)], keys)
    shutil.rmtree(tmp_path / "moved" / "fold0")
    with pytest.raises(InputError, match=r"where it is no more: name the place"):
        identify.main([str(whales), str(trip.photos)], keys)
