"""Several animals of one photograph on their way into catalogue and gallery."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.catalogue.boxes.best_boxes import best_boxes
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError
from tf_happywhale.galleries import adding
from tf_happywhale.galleries import catalogue_rows as files
from tf_happywhale.galleries.adding import add_confirmed
from tf_happywhale.galleries.gallery_folder import make_gallery, open_gallery
from tf_happywhale.retrieval.embeddings import Embeddings

ABOUT = {"model": "m1", "source": "fin", "view": "original", "preprocess": "squashed to 128"}
NEW = "new_individual"
BOXES = {
    "two.jpg": Box(0, 0, 40, 40),
    "two.jpg#2": Box(60, 0, 100, 40),
    "two.jpg#3": Box(200, 0, 240, 40),
}


def as_embeddings(photos: dict[str, Path], boxes: dict[str, str], ids: list[str]) -> Embeddings:
    keys = list(boxes)
    paths = [photos[key.partition("#")[0]] for key in keys]
    columns = {
        "picture": [str(path) for path in paths],
        "content": [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths],
        "box": list(boxes.values()),
        "encounter": ["sight"] * len(keys),
        "species": ["seal"] * len(keys),
    }
    rows = embed(range(0, 10 * len(keys), 10), keys, ids, ABOUT)
    return replace(rows, columns={name: np.array(column) for name, column in columns.items()})


@pytest.fixture
def queries(tmp_path: Path) -> Embeddings:
    """A photograph of three animals."""
    photo = tmp_path / "trip" / "two.jpg"
    photo.parent.mkdir()
    photo.write_text("two")
    text = {key: f"fin {b.xmin} {b.ymin} {b.xmax} {b.ymax}" for key, b in BOXES.items()}
    return as_embeddings({"two.jpg": photo}, text, [""] * 3)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data" / "train_images").mkdir(parents=True)
    (tmp_path / "data" / "train_images" / "a.jpg").write_text("a")
    (tmp_path / "data" / "train.csv").write_text("image,species,individual_id\na.jpg,seal,A\n")
    return tmp_path / "data"


@pytest.fixture
def gallery(tmp_path: Path, root: Path) -> Path:
    known = as_embeddings({"a.jpg": root / "train_images" / "a.jpg"}, {"a.jpg": ""}, ["A"])
    return make_gallery(tmp_path / "gallery", known, root).folder


def rows(root: Path) -> dict[str, str]:
    table = read_catalogue(root / "train.csv")
    return dict(zip(table["image"], table["individual_id"], strict=True))


def boxes(root: Path) -> dict[str, Box]:
    table = root / "boxes.csv"
    return best_boxes(read_box_rows(table), "fin", list(rows(root)), table)


def in_gallery(gallery: Path) -> dict[str, str]:
    images = open_gallery(gallery).images()
    return dict(zip(images.image.tolist(), images.individual_id.tolist(), strict=True))


def test_each_animal_has_a_row_and_a_box_and_the_picture_is_there_once(
    gallery: Path, root: Path, queries: Embeddings
) -> None:
    decided = {"two.jpg": "A", "two.jpg#2": NEW, "two.jpg#3": NEW}
    added = add_confirmed(gallery, queries, decided, Data())
    assert (added.rows, added.images) == (3, 3)
    expected = {"a.jpg": "A", "two.jpg": "A", "two.jpg#2": "new-0001", "two.jpg#3": "new-0002"}
    assert rows(root) == in_gallery(gallery) == expected  # of one encounter, yet two animals
    assert boxes(root) == BOXES
    assert sorted(file.name for file in (root / "train_images").iterdir()) == ["a.jpg", "two.jpg"]
    with (root / "train.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [(row["image"], row["box_number"]) for row in table] == [
        ("a.jpg", ""), ("two.jpg", "1"), ("two.jpg", "2"), ("two.jpg", "3"),
    ]  # fmt: skip
    pictures = open_gallery(gallery).images().column("picture").tolist()
    assert [Path(picture).name for picture in pictures] == ["a.jpg"] + 3 * ["two.jpg"]
    again = add_confirmed(gallery, queries, decided, Data())
    assert (again.rows, again.images) == (0, 0) and rows(root) == expected


@pytest.mark.parametrize("order", [["two.jpg", "two.jpg#2"], ["two.jpg#2", "two.jpg"]])
@pytest.mark.parametrize("with_gallery", [True, False])
def test_animals_may_be_added_one_after_the_other(
    gallery: Path, root: Path, queries: Embeddings, order: list[str], with_gallery: bool
) -> None:
    target = gallery if with_gallery else root
    for key in order:
        added = add_confirmed(target, queries, {key: NEW}, Data())
        assert added.rows == 1 and added.images == (1 if with_gallery else None)
    for key in order:
        assert add_confirmed(target, queries, {key: NEW}, Data()).rows == 0
    names = {order[0]: "new-0001", order[1]: "new-0002"}
    assert rows(root) == {"a.jpg": "A"} | names
    assert boxes(root) == {key: BOXES[key] for key in order}


@pytest.mark.parametrize("stop", range(3))
def test_killed_between_files_the_next_adding_ends_the_same(
    gallery: Path, root: Path, queries: Embeddings, stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided = {"two.jpg#3": "B", "two.jpg#2": "C"}
    write, done = files.write_bytes, []

    def killed(path: Path, content: bytes) -> None:
        if len(done) == stop:
            raise KeyboardInterrupt
        done.append(path)
        write(path, content)

    def before_the_gallery(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(files, "write_bytes", killed)
        patched.setattr(adding, "_as_images", before_the_gallery)
        with pytest.raises(KeyboardInterrupt):
            add_confirmed(gallery, queries, decided, Data())
    assert len(done) == stop
    assert set(in_gallery(gallery)) == {"a.jpg"}
    add_confirmed(gallery, queries, decided, Data())
    assert rows(root) == in_gallery(gallery) == {"a.jpg": "A", "two.jpg#3": "B", "two.jpg#2": "C"}
    assert boxes(root) == {key: BOXES[key] for key in decided}


def test_one_individual_twice_in_a_photograph_is_refused_before_anything_is_written(
    gallery: Path, root: Path, queries: Embeddings
) -> None:
    said = "two.jpg, animal 2 of 3 was decided to be A, but another box of this photograph is A by"
    with pytest.raises(InputError, match=said):
        add_confirmed(gallery, queries, {"two.jpg": "A", "two.jpg#2": "A"}, Data())
    assert rows(root) == {"a.jpg": "A"} and not (root / "boxes.csv").exists()
    add_confirmed(gallery, queries, {"two.jpg": "A"}, Data())
    with pytest.raises(InputError, match="another box of this photograph is A in the gallery"):
        add_confirmed(gallery, queries, {"two.jpg#2": "A"}, Data())
    with pytest.raises(InputError, match=r"^two\.jpg, animal 1 of 3 is in the gallery as A, but"):
        add_confirmed(gallery, queries, {"two.jpg": "B", "two.jpg#2": "C"}, Data())
    with pytest.raises(InputError, match=r"animal 1 of 3 is in the catalogue as A, but"):
        add_confirmed(root, queries, {"two.jpg": "B"}, Data())
    assert rows(root) == {"a.jpg": "A", "two.jpg": "A"}


def test_the_animal_of_a_whole_picture_is_there_and_the_other_one_comes_to_it(
    gallery: Path, root: Path, queries: Embeddings
) -> None:
    """The catalogue has the photograph, without boxes, as one animal."""
    whole = replace(queries.take(np.array([0])), columns={
        name: column[:1] if name != "box" else np.array([""])
        for name, column in queries.columns.items()
    })  # fmt: skip
    add_confirmed(gallery, whole, {"two.jpg": "A"}, Data())
    added = add_confirmed(gallery, queries, {"two.jpg": "A", "two.jpg#2": "B"}, Data())
    assert (added.rows, added.images) == (1, 1)
    assert rows(root) == in_gallery(gallery) == {"a.jpg": "A", "two.jpg": "A", "two.jpg#2": "B"}
    assert boxes(root) == {"two.jpg#2": BOXES["two.jpg#2"]}  # the first stays whole


@pytest.mark.parametrize("origin", ["manual", "yolo"])
@pytest.mark.parametrize("turn", [1, -1])
def test_boxes_that_the_catalogue_has_without_numbers_get_them(
    gallery: Path, root: Path, queries: Embeddings, origin: str, turn: int
) -> None:
    """A table for the photographs to identify too, in any order: no animal gets another's box."""
    drawn = [
        f"two.jpg,fin,{box.xmin + 0.25},{box.ymin},{box.xmax},{box.ymax},.5,{origin}"
        for box in BOXES.values()
    ]
    head = "image,source,xmin,ymin,xmax,ymax,confidence,origin"
    (root / "boxes.csv").write_text("\n".join([head, *drawn[::turn]]) + "\n")
    (root / "test_images").mkdir()
    (root / "test_images" / "two.jpg").write_text("two")
    for key in ("two.jpg#2", "two.jpg", "two.jpg#3"):
        add_confirmed(gallery, queries, {key: NEW}, Data())
        assert boxes(root)[key] == BOXES[key]
    assert boxes(root) == BOXES
    with (root / "boxes.csv").open(newline="") as file:
        numbers = [row["box_number"] for row in csv.DictReader(file)]
    assert numbers == ["", "", "", "2", "1", "3"]
    assert list(rows(root)) == ["a.jpg", "two.jpg#2", "two.jpg", "two.jpg#3"]
