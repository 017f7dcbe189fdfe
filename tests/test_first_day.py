"""The first day: a folder of photographs and a table, boxes of a detector, and no model."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from PIL import Image

import tf_happywhale as hw
from tf_happywhale import gallery, identify, why
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import open_gallery
from tf_happywhale.retrieval.embeddings import load_embeddings

QUICK = ["image_size=64", "match.use=never", "embed.batch_size=16", "identify.cache=../kept"]
BOXES = "identify.boxes=detections.json"


def detections(pod: Path, folders: dict[str, Path]) -> dict:
    """The fins of a pod as MegaDetector would write them, with the folders in front."""
    fins, images = fins_of(pod), []
    for front, folder in folders.items():
        for path in sorted(folder.iterdir()):
            height, width = cv2.imread(str(path)).shape[:2]
            left, top, right, low = fins[path.name]
            box = [left / width, top / height, (right - left) / width, (low - top) / height]
            found = [{"category": "1", "conf": 0.9, "bbox": box}]
            images.append({"file": f"{front}/{path.name}", "detections": found})
    return {"detection_categories": {"1": "animal"}, "images": images}


def fins_of(pod: Path) -> dict[str, list[float]]:
    with (pod / "boxes.csv").open() as file:
        return {
            row["image"]: [float(row[side]) for side in ("xmin", "ymin", "xmax", "ymax")]
            for row in csv.DictReader(file)
            if row["source"] == "backfin"
        }


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network and the embeddings, which all tests share."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def seals(pod: Path, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as it comes out of a camera, in which the test works."""
    (tmp_path / "kept").symlink_to(kept)
    home = tmp_path / "seals"
    shutil.copytree(pod / "train_images", home / "train_images")
    shutil.copytree(pod / "test_images", home / "new_photographs")
    shutil.copy(pod / "train.csv", home)
    folders = {name: home / name for name in ("train_images", "new_photographs")}
    (home / "detections.json").write_text(json.dumps(detections(pod, folders)))
    monkeypatch.chdir(home)
    return home


def rows(output: str) -> list[dict[str, str]]:
    with Path(output, "predictions.csv").open() as file:
        return list(csv.DictReader(file))


def ask(*words: str, output: str = "trip") -> list[dict[str, str]]:
    places = [word for word in words if "=" not in word]
    identify.main(places, [*QUICK, f"output={output}", *(w for w in words if "=" in w)])
    return rows(output)


def test_from_the_folder_to_the_pages(seals: Path, capsys) -> None:
    found = ask(".", "new_photographs", BOXES)
    photographs = sorted(file.name for file in Path("new_photographs").iterdir())
    assert sorted({row["image"] for row in found}) == photographs
    said = capsys.readouterr().out
    known = len(list(Path("train_images").iterdir()))
    assert "No model was named: pictures are compared by lite0's ImageNet features" in said
    assert f"boxes of {known} of the gallery's images are those of detections.json" in said
    assert f"{known} of {known} of the gallery's images have a box of source fullbody" in said
    page = Path("trip", "report", "index.html").read_text("utf-8")
    assert page.count('class="query"') == len(photographs)
    assert ask(".", "new_photographs", BOXES) == found  # from what is kept


def test_the_catalogues_boxes_are_the_same_from_whatever_table(seals: Path, pod: Path) -> None:
    """A box of shares and one of pixels differ by their rounding."""
    by_detector = ask(".", "new_photographs", BOXES)
    whole = ask(".", "new_photographs", output="whole")
    lines = [f"{name},{','.join(map(str, box))}" for name, box in fins_of(pod).items()]
    Path("boxes.csv").write_text("\n".join(["image,xmin,ymin,xmax,ymax", *lines]) + "\n")
    by_table = ask(".", "new_photographs", "identify.boxes=boxes.csv", output="table")
    scores = [
        {(row["image"], row["individual_id"]): float(row["score"]) for row in found if row["score"]}
        for found in (by_detector, by_table, whole)
    ]
    near, far = (
        max(abs(scores[0][key] - other[key]) for key in scores[0].keys() & other.keys())
        for other in scores[1:]
    )
    assert near < 0.1 < far


def test_the_catalogues_own_table_counts_and_fills_what_it_lacks(seals: Path, capsys) -> None:
    first, *others = sorted(file.name for file in Path("train_images").iterdir())
    Path("boxes.csv").write_text(f"image,source,xmin,ymin,xmax,ymax\n{first},fullbody,1,2,50,60\n")
    gallery.main(["build", ".", "whales"], [*QUICK, BOXES, "output=o"])
    assert f"boxes of {len(others)} of the gallery's images are those" in capsys.readouterr().out
    images = open_gallery(Path("whales")).images()
    boxes = dict(zip(images.image.tolist(), images.column("box").tolist(), strict=True))
    assert boxes[first] == "fullbody 1 2 50 60" and all(boxes[name] for name in others)
    shutil.copy("boxes.csv", "other.csv")
    gallery.main(["build", ".", "seals"], [*QUICK, BOXES, "output=o", "data.boxes=other.csv"])
    boxes = open_gallery(Path("seals")).images().column("box").tolist()
    assert sorted(boxes)[:-1] == [""] * len(others)  # data.boxes goes before


def test_boxes_without_a_folder_may_be_of_other_photographs(seals: Path, capsys) -> None:
    tree = json.loads(Path("detections.json").read_text())
    for image in tree["images"]:
        image["file"] = Path(image["file"]).name
    Path("elsewhere").mkdir()
    Path("elsewhere/found.json").write_text(json.dumps(tree))
    gallery.main(["build", ".", "whales"], [*QUICK, "identify.boxes=elsewhere/found.json"])
    assert "without their folder train_images" in capsys.readouterr().out
    assert set(open_gallery(Path("whales")).images().column("box").tolist()) == {""}


def test_a_gallery_knows_its_model(seals: Path, capsys) -> None:
    gallery.main(["build", ".", "whales"], [*QUICK, BOXES, "output=o"])
    keys = ["match.use=never", BOXES]
    identify.main(["whales", "new_photographs"], [*keys, "output=own"])
    assert (
        "No model was named: lite0 is used, which embedded the gallery" in capsys.readouterr().out
    )
    by_name = ask("lite0", "whales", "new_photographs", BOXES, output="named")
    assert rows("own") == by_name == ask(".", "new_photographs", BOXES)
    raw = load_embeddings(Path("own/queries.npz")).embedding
    assert raw.min() >= 0  # as the model gave them: the mean is taken away when they are ranked
    shutil.move("whales", "moved")
    identify.main(["moved", "new_photographs"], [*keys, "output=own"])
    photograph, who = rows("own")[0]["image"], rows("own")[0]["individual_id"]
    why.main(["moved", f"new_photographs/{photograph}", who], ["match.use=never", "output=own"])
    assert len(list(Path("own/why").glob("*.png"))) == 1


def test_a_model_that_is_gone_or_another_one_is_one_sentence(seals: Path) -> None:
    gallery.main(["build", ".", "whales"], [*QUICK, "output=o"])
    head = json.loads(Path("whales/gallery.json").read_text())
    for change, said in (
        ({"model": None}, r"does not say which model embedded it.*as in `MODEL whales`"),
        ({"model": {"path": "../gone", "settings": []}}, r"lay in .*gone, where it is no more"),
        (
            {"model": {"name": "lite1", "settings": ["image_size=64"]}},
            "lite1 is another model than",
        ),
    ):
        changed = {key: value for key, value in (head | change).items() if value is not None}
        Path("whales/gallery.json").write_text(json.dumps(changed))
        with pytest.raises(InputError, match=said):
            identify.main(["whales", "new_photographs"], ["match.use=never"])


def test_what_identify_wrote_is_no_photograph(seals: Path) -> None:
    found = ask(".", "new_photographs", BOXES, "report.references=1")
    ask(".", ".", output="everything")
    names = {row["image"] for row in rows("everything")}
    assert names == {
        f"{folder}/{file.name}"
        for folder in ("train_images", "new_photographs")
        for file in Path(folder).iterdir()
    }
    again = ask(".", "new_photographs", BOXES, output="new_photographs/trip")
    assert again == found == ask(".", "new_photographs", BOXES, output="new_photographs/trip")


def test_the_photographs_may_lie_elsewhere_or_be_missing(seals: Path) -> None:
    shutil.move("train_images", "known")
    with pytest.raises(InputError, match=r"There is no folder train_images .*data\.train_images="):
        ask(".", "new_photographs")
    assert ask(".", "new_photographs", "data.train_images=known")
    next(Path("known").iterdir()).unlink()
    with pytest.raises(InputError, match="has no such file"):
        ask(".", "new_photographs", "data.train_images=known")


def test_python_has_the_same(seals: Path) -> None:
    found = ask(".", "new_photographs", BOXES)
    model = hw.load_model("lite0", *QUICK, BOXES, "output=trip")
    table = model.identify("new_photographs", ".")
    assert table["individual_id"].tolist() == [row["individual_id"] for row in found]
    made = hw.build_gallery(None, ".", "whales", *QUICK, BOXES, "output=trip")
    assert model.identify("new_photographs", made).equals(table)
    known = model.embed_catalogue(".")
    best = made.search(known, k=1)
    assert best.individual_id[:, 0].tolist() == known.individual_id.tolist()


def test_as_a_person_starts_it(seals: Path) -> None:
    line = [sys.executable, "-m", "tf_happywhale.identify", ".", "new_photographs"]
    line += [*QUICK, BOXES, "output=trip"]
    root = Path(hw.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "look at trip/report/index.html" in done.stdout
    assert "Traceback" not in done.stderr


def test_what_is_decided_on_the_first_day_is_found_on_the_second(seals: Path) -> None:
    """The boxes of added animals are in the catalogue's table, the others in the detector's."""
    gallery.main(["build", ".", "whales"], [*QUICK, BOXES])
    first = ask("whales", "new_photographs", BOXES)
    images = sorted({row["image"] for row in first})
    lines = [f"{image},new,seal_{n}" for n, image in enumerate(images)]
    Path("decisions.csv").write_text("\n".join(["image,decision,individual_id", *lines]) + "\n")
    gallery.main(["add", "whales", "decisions.csv"], ["output=trip"])
    for where in ("whales", "."):
        best = {row["image"]: row for row in ask(where, "new_photographs", BOXES)[::-1]}
        assert [best[image]["individual_id"] for image in images] == [
            f"seal_{n}" for n in range(len(images))
        ]
        assert all(float(best[image]["score"]) > 0.99 for image in images)
    gallery.main(["verify", "whales"], [])


def test_encounters_from_time_are_shown_and_used_when_they_are_given_back(
    seals: Path, capsys
) -> None:
    photographs = sorted(Path("new_photographs").iterdir())[:4]
    for path, time in zip(photographs, ("10:00:00", "10:04:00", "13:00:00"), strict=False):
        exif = Image.Exif()
        exif[0x8769] = {0x9003: f"2021:04:03 {time}", 0x9011: "+02:00"}
        Image.open(path).save(path, quality=95, exif=exif.tobytes())
    given, out = [str(path) for path in photographs], Path("trip", "encounters.csv")
    alone = ask(".", *given, BOXES)
    assert ask(".", *given, BOXES, "identify.encounters=time") == alone
    said = capsys.readouterr().out
    assert (
        "encounters from time and place: 3 photographs are 2\n  1 photographs say no time" in said
    )
    assert "  2021-04-03 10:00:00: 2 photographs, to 10:04:00+02:00\n" in said
    with Path("trip", "photographs.csv").open() as file:
        facts = [(row["encounter"], row["time"]) for row in csv.DictReader(file)]
    one, other = "2021-04-03 10:00:00", "2021-04-03 13:00:00"
    assert facts[1:] == [(one, "10:04:00+02:00"), (other, "13:00:00+02:00"), ("", "")]
    together = ask(".", *given, BOXES, f"identify.encounters={out}", output="given_back")
    first, second = (
        [row["individual_id"] for row in together if row["image"] == path.name]
        for path in photographs[:2]
    )
    assert first == second
    out.write_text(out.read_text().replace("10:00:00,", "one seal,"))
    with pytest.raises(InputError, match=r"may have changed it: use it with identify\.encounters"):
        ask(".", *given, BOXES, "identify.encounters=time")


def test_animals_are_compared_with_their_own_side_only_and_that_is_said(
    seals: Path, capsys
) -> None:
    head, *lines = Path("train.csv").read_text().splitlines()
    sides = ["left" if n % 3 else "right" for n in range(len(lines))]
    pairs = zip(lines, sides, strict=True)
    Path("train.csv").write_text(
        "\n".join([f"{head},viewpoint", *(",".join(p) for p in pairs), ""])
    )
    side_of = {line.split(",")[0]: side for line, side in zip(lines, sides, strict=True)}
    found = ask(
        ".", "new_photographs", BOXES, "identify.viewpoint=left", "identify.only=[viewpoint]"
    )
    shown = {side_of[row["reference_image"]] for row in found if row["reference_image"]}
    assert shown == {"left"}
    count = f"left only: {sides.count('left')} of {len(sides)} images"
    said = capsys.readouterr().out
    assert f"animals: {count} and " in said and "What identify.only=[viewpoint] is worth" in said
    page = Path("trip", "report", "index.html").read_text("utf-8")
    assert f"Compared with {count}" in page


def test_where_nothing_may_be_compared_the_animal_is_new(seals: Path, capsys) -> None:
    head, *lines = Path("train.csv").read_text().splitlines()
    rows = [f"{head},place", *(f"{line},here" for line in lines), ""]
    Path("train.csv").write_text("\n".join(rows))
    names = sorted(path.name for path in Path("new_photographs").iterdir())
    rows = ["image,place", *(f"{name},there" for name in names[1:]), f"{names[0]},Here", ""]
    Path("trip.csv").write_text("\n".join(rows))
    found = ask(".", "new_photographs", BOXES, "identify.facts=trip.csv", "identify.only=[place]")
    candidates = {name: [row for row in found if row["image"] == name] for name in names}
    assert len(candidates[names[0]]) > 1
    for name in names[1:]:
        assert [row["individual_id"] for row in candidates[name]] == ["new_individual"]
    assert f"there only: 0 of {len(lines)} images and 0 of " in capsys.readouterr().out
    page = Path("trip", "report", "index.html").read_text("utf-8")
    assert 0 < page.count('class="query"') <= len(names)  # new animals stand in groups
