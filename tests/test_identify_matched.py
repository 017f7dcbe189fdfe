"""Photographs are matched point by point, by corners in place of the networks."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import pytest

from tests.matching_stand_ins import Corners, Neighbours
from tests.test_identify import Trip
from tf_happywhale import gallery, identify, why
from tf_happywhale.galleries.gallery_faults import damaged_files
from tf_happywhale.galleries.gallery_folder import open_gallery
from tf_happywhale.galleries.point_store import PointStore
from tf_happywhale.inference.matched import local_matching, matching_that_pays, matching_trial
from tf_happywhale.inference.matched.match_networks import Networks
from tf_happywhale.models import pretrained
from tf_happywhale.retrieval.embeddings import load_embeddings
from tf_happywhale.retrieval.teaching.matching_pays import Pays
from tf_happywhale.training.resume.made_from import MadeFrom, write_made_from

NEW = "new_individual"
KEYS = [
    "image_size=32",
    "match.size=128",
    "identify.boxes=boxes.csv",
    "records.source=backfin",
]


class Counted:
    """Stand-ins for the networks; it counts what all of them have seen."""

    def __init__(self) -> None:
        self.all: list[Networks] = []

    def __call__(self, _: object) -> Networks:
        self.all.append(Networks(Corners(), Neighbours()))
        return self.all[-1]

    @property
    def seen(self) -> tuple[int, int]:
        return (
            sum(one.extractor.seen for one in self.all),
            sum(one.matcher.seen for one in self.all),
        )


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    found = Counted()
    monkeypatch.setattr(local_matching, "load_networks", found)
    return found


@pytest.fixture(autouse=True)
def small_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of lite0, which takes seconds to build: what is tried are points."""
    import keras

    def build(name: str, *_, **__) -> keras.Model:
        keras.utils.set_random_seed(0)
        pictures = keras.Input((None, None, 3), name="picture")
        x = keras.layers.Rescaling(1 / 127.5, -1)(pictures)
        x = keras.layers.Conv2D(64, 5, strides=8, padding="same", activation="relu")(x)
        return keras.Model(pictures, x, name=name)

    monkeypatch.setattr(pretrained, "pretrained_backbone", build)


@pytest.fixture
def bay(pod: Path, tmp_path: Path, monkeypatch) -> Path:
    """A folder with a catalogue, as a biologist has it, and new photographs."""
    folder = tmp_path / "bay"
    shutil.copytree(pod, folder)
    shutil.move(folder / "test_images", folder / "new")
    monkeypatch.chdir(folder)
    return folder


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_without_a_model_pictures_are_matched_and_scores_are_between_0_and_1(
    bay: Path, counted: Counted, capsys
) -> None:
    identify.main([".", "new"], ["output=trip", *KEYS])
    said = capsys.readouterr().out
    photographs = len(list((bay / "new").glob("*.jpg")))
    assert f"matching {photographs} animals with all" in said
    assert "scores are calibrated on" in said and "The gallery teaches" in said
    found = rows(bay / "trip")
    assert len({row["image"] for row in found}) == photographs
    scores = [float(row["score"]) for row in found if row["reference_image"]]
    assert all(0 <= score <= 1 for score in scores)
    first = counted.seen
    identify.main([".", "new"], ["output=trip", *KEYS])
    shown = len({(row["image"], row["reference_image"]) for row in found if row["reference_image"]})
    assert rows(bay / "trip") == found
    assert counted.seen[0] == first[0] and counted.seen[1] - first[1] <= shown  # the pages'
    page = (bay / "trip" / "report" / "index.html").read_text("utf-8")
    assert "local matching" in page


def test_matching_can_be_left_out(bay: Path, counted: Counted) -> None:
    identify.main([".", "new"], ["output=trip", "match.use=never", *KEYS])
    assert counted.all == [] and not list((bay / "trip").rglob("points*"))


def test_matching_that_does_not_help_is_said_and_does_not_count(
    bay: Path, counted: Counted, monkeypatch, capsys
) -> None:
    identify.main([".", "new"], ["output=alone", "match.use=never", *KEYS])
    monkeypatch.setattr(matching_that_pays, "matching_pays", lambda *_: Pays(0.5, 0.4, 30))
    capsys.readouterr()
    identify.main([".", "new"], ["output=trip", *KEYS])
    said = capsys.readouterr().out
    assert "asked about 30 of its own photographs" in said
    assert "mAP@5 0.500 without it and 0.400 with it" in said
    assert rows(bay / "trip") == rows(bay / "alone")
    page = (bay / "trip" / "report" / "index.html").read_text("utf-8")
    assert "local matching" not in page
    identify.main([".", "new"], ["output=always", "match.use=always", *KEYS])
    assert rows(bay / "always") != rows(bay / "alone")


@pytest.mark.parametrize("pays", [True, False])
def test_beside_a_trained_model_a_gallery_tries_matching_once(
    pod: Path, tmp_path: Path, counted: Counted, monkeypatch, capsys, pays: bool
) -> None:
    """All but two of its images are said to be of the fold that was left out."""
    trip = Trip(pod, tmp_path)
    known = load_embeddings(trip.run / "embeddings" / "train.npz")
    pairs = list(zip(known.image.tolist(), known.individual_id.tolist(), strict=True))
    parts = tuple((*pair, "0" if n > 1 else "1", "p") for n, pair in enumerate(pairs))
    write_made_from(trip.run, MadeFrom({}, None, "", None, 0, parts))
    gain = (0.5, 0.7, 24, 0.1, 0.3) if pays else (0.5, 0.51, 24, -0.1, 0.1)
    monkeypatch.setattr(matching_trial, "matching_pays", lambda *_, seen: Pays(*gain, seen))
    monkeypatch.setattr(matching_trial, "weights_here", lambda: True)
    gallery.main(
        ["build", str(trip.run), str(trip.data), str(tmp_path / "whales")],
        [f"output={tmp_path / 'made'}", "match.size=128"],
    )
    said = f"a gain of {gain[1] - gain[0]:+.3f} (95%: {gain[3]:+.3f} to {gain[4]:+.3f})"
    told = capsys.readouterr().out
    assert "trying whether local matching helps: 24 of" in told and said in told
    seen = counted.seen
    auto = trip.identify(tmp_path / "whales", "match.use=auto", "match.size=128", output="auto")
    told = capsys.readouterr().out
    assert said in told and "trying" not in told
    plain = trip.identify(tmp_path / "whales", output="plain")
    assert (counted.seen != seen) == pays and (auto == plain) != pays
    assert ("Matched points order the individuals" in told) == pays
    new = [(row["image"], row["rank"], row["p_new"]) for row in auto if row["individual_id"] == NEW]
    assert new == [
        (row["image"], row["rank"], row["p_new"]) for row in plain if row["individual_id"] == NEW
    ]


def test_a_gallery_keeps_its_points_and_gets_those_of_added_photographs(
    bay: Path, counted: Counted
) -> None:
    gallery.main(["build", ".", "whales"], ["output=made", *KEYS])
    images = len(open_gallery(bay / "whales"))
    assert counted.seen == (images, 0)
    (folder,) = (bay / "whales" / "points").iterdir()
    assert len(PointStore(folder).place) == images
    identify.main(["whales", "new"], ["output=trip", *KEYS])
    new = len({row["image"] for row in rows(bay / "trip")})
    assert counted.seen[0] == images + new
    decided = bay / "trip" / "decisions.csv"
    queries = rows(bay / "trip")
    best = {row["image"]: row for row in reversed(queries) if row["reference_image"]}
    with decided.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "decision", "individual_id"])
        writer.writerows([image, "match", row["individual_id"]] for image, row in best.items())
    gallery.main(["add", "whales", str(decided)], ["output=trip"])
    assert len(PointStore(folder).place) == images + new
    assert not damaged_files(bay / "whales")
    before = counted.seen
    identify.main(["whales", "new"], ["output=another", *KEYS])
    assert counted.seen[0] == before[0]  # no picture is looked at again
    damaged = next(folder.glob("*.npz"))
    damaged.write_bytes(damaged.read_bytes()[:-40])
    assert ["damaged" in sentence for sentence in damaged_files(bay / "whales")] == [True]


def test_missing_networks_are_said_and_only_needed_if_asked_for(
    bay: Path, monkeypatch, capsys
) -> None:
    from tf_happywhale.errors import InputError

    def missing(_: object) -> Networks:
        raise InputError("The weights are not here: install them.")

    monkeypatch.setattr(local_matching, "load_networks", missing)
    identify.main([".", "new"], ["output=trip", *KEYS])
    assert "not matched point by point: The weights are not here" in capsys.readouterr().out
    assert rows(bay / "trip")
    with pytest.raises(InputError, match="install them"):
        identify.main([".", "new"], ["output=trip", "match.use=always", *KEYS])


def test_why_draws_the_matching_points_of_the_best_image(
    bay: Path, counted: Counted, capsys
) -> None:
    """A photograph of the catalogue matches itself best, whichever image is most alike."""
    photo = bay / "new" / "again.jpg"
    with (bay / "train.csv").open(encoding="utf-8", newline="") as file:
        row = list(csv.DictReader(file))[3]
    shutil.copy(bay / "train_images" / row["image"], photo)
    boxes = (bay / "boxes.csv").read_text().splitlines()
    own = [line.replace(row["image"], photo.name) for line in boxes if row["image"] in line]
    (bay / "boxes.csv").write_text("\n".join([*boxes, *own]) + "\n")
    why.main([".", str(photo), row["individual_id"]], ["output=trip", *KEYS])
    said = capsys.readouterr().out
    assert f"again.jpg and {row['image']}, an image of {row['individual_id']}: " in said
    assert "matching points, all of them fit together" in said
    drawn = cv2.imread(str(bay / "trip" / "why" / f"again_{row['individual_id']}.png"))
    assert max(drawn.shape) > 2 * 128 or min(drawn.shape[:2]) == 128  # two crops of 128 pixels
    assert len(counted.all) == 1 and counted.all[0].matcher.seen > 0


def test_why_without_matching_draws_what_an_untaught_model_finds_alike(
    bay: Path, counted: Counted, capsys
) -> None:
    photo = sorted((bay / "new").glob("*.jpg"))[0]
    with (bay / "train.csv").open(encoding="utf-8", newline="") as file:
        who = next(csv.DictReader(file))["individual_id"]
    why.main([".", str(photo), who], ["output=trip", "match.use=never", *KEYS])
    assert f"an image of {who}: score " in capsys.readouterr().out
    drawn = cv2.imread(str(bay / "trip" / "why" / f"{photo.stem}_{who}.png"))
    assert drawn.shape[1] == 2 * 384 + 12 and counted.all == []


def test_the_pages_draw_and_count_matching_points(bay: Path, counted: Counted) -> None:
    identify.main([".", "new"], ["output=trip", *KEYS])
    page = (bay / "trip" / "report" / "index.html").read_text("utf-8")
    assert '<details class="why matched" open>' in page and "matching points" in page
    assert "nobody has trained a model on these animals" in page
    blocks = page.split("</main>")[0].split("<article")[1:]
    assert all(1 <= block.count("<figcaption>") - 1 <= 3 for block in blocks)
    identify.main([".", "new"], ["output=plain", "report.why=false", *KEYS])
    page = (bay / "plain" / "report" / "index.html").read_text("utf-8")
    assert "matching point" not in page and '<details class="why' not in page
