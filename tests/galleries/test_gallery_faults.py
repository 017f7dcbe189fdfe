from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale import gallery as command
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.corrections import merge, remove_image
from tf_happywhale.galleries.gallery_faults import find_faults
from tf_happywhale.galleries.gallery_folder import beside, make_gallery, open_gallery

IMAGES = {"a.jpg": "A", "b.jpg": "A", "c.jpg": "B"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for folder in ("train_images", "test_images"):
        (root / folder).mkdir(parents=True)
    for name in IMAGES:
        (root / "train_images" / name).write_text(name)
    (root / "test_images" / "t.jpg").write_text("t")
    rows = [f"{name},orca,{who}" for name, who in IMAGES.items()]
    (root / "train.csv").write_text("\n".join(["image,species,individual_id", *rows]) + "\n")
    boxes = [f"{name},fin,1,2,3,4,,manual" for name in [*IMAGES, "t.jpg"]]
    head = "image,source,xmin,ymin,xmax,ymax,confidence,origin"
    (root / "boxes.csv").write_text("\n".join([head, *boxes]) + "\n")
    return root


@pytest.fixture
def whales(tmp_path: Path, root: Path) -> Path:
    paths = [root / "train_images" / name for name in IMAGES]
    columns = {
        "picture": beside(tmp_path / "whales", paths),
        "content": [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths],
        "box": ["fin 1 2 3 4"] * 3,
    }
    images = embed([0, 10, 90], list(IMAGES), list(IMAGES.values()))
    images = replace(images, columns={name: np.array(c) for name, c in columns.items()})
    return make_gallery(tmp_path / "whales", images, root).folder


def drop_row(table: Path, image: str) -> None:
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if not line.startswith(f"{image},")))


def test_a_whole_gallery_and_its_catalogue_have_no_fault(whales: Path, root: Path, capsys) -> None:
    assert find_faults(whales, Data()) == ([], 3)
    assert find_faults(root, Data()) == ([], 3)
    command.main(["verify", str(whales)], [])
    assert "3 images, nothing wrong" in capsys.readouterr().out


def test_a_lost_row_is_found_from_both_sides(whales: Path, root: Path, capsys) -> None:
    drop_row(root / "train.csv", "b.jpg")
    found, _ = find_faults(whales, Data())
    assert len(found) == 2
    assert found[0].startswith(f"{root}/train.csv does not list b.jpg, which is in ")
    assert found[1].startswith("The gallery has b.jpg as A, but ") and "no row of it" in found[1]
    with pytest.raises(InputError, match=r"whales has 2 faults, listed above"):
        command.main(["verify", str(whales)], [])
    assert "does not list b.jpg" in capsys.readouterr().out


def test_a_lost_picture_is_found(whales: Path, root: Path) -> None:
    (root / "train_images" / "c.jpg").unlink()
    found, _ = find_faults(whales, Data())
    assert [sentence.split(":")[0] for sentence in found] == [
        f"The picture of c.jpg is not in {root}/train_images/c.jpg",
        f"{root}/train.csv lists c.jpg, but there is no such picture in {root}/train_images",
        f"{root}/boxes.csv has a box of c.jpg, but there is no such picture",
    ]
    (root / "train_images" / "c.jpg").write_text("another")
    (sentence,) = find_faults(whales, Data())[0]
    assert sentence.startswith("The picture of c.jpg is not the one that was embedded: bring")


def test_a_picture_that_may_not_be_read_is_a_fault_of_its_own(whales: Path, monkeypatch) -> None:
    real = Path.open

    def refuse(self: Path, *words: object, **named: object):
        if self.name == "c.jpg":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *words, **named)

    monkeypatch.setattr(Path, "open", refuse)
    (sentence,) = find_faults(whales, Data())[0]
    assert sentence.startswith("The picture of c.jpg cannot be compared: ")
    assert "c.jpg may not be read" in sentence


def test_a_part_that_is_gone_or_disagrees_is_found(whales: Path, root: Path) -> None:
    merge(open_gallery(whales), "A", "B")
    (sentence,) = find_faults(whales, Data())[0]
    assert sentence.startswith("The gallery has 2 images, such as a.jpg, as B, but ")
    assert "train.csv as A: correct it where it is wrong" in sentence
    remove_image(open_gallery(whales), "a.jpg")
    found, _ = find_faults(whales, Data())
    assert any("train.csv lists a.jpg as A, but the gallery lacks it" in each for each in found)


def test_one_photograph_under_two_names_is_found(whales: Path, root: Path) -> None:
    known = open_gallery(whales).parts[0]
    for name, who, box in (("d.jpg", "A", 0), ("e.jpg", "B", 0), ("f.jpg", "B", 1)):
        (root / "train_images" / name).write_text("a.jpg")
        with (root / "train.csv").open("a") as file:
            file.write(f"{name},orca,{who}\n")
        columns = known.take(np.array([0])).columns | {
            "picture": np.array([f"../data/train_images/{name}"]),
            "box": np.array([f"fin {1 + box} 2 3 4"]),
        }
        one = replace(
            known.take(np.array([0])),
            image=np.array([name]),
            individual_id=np.array([who]),
            columns=columns,
        )
        open_gallery(whales).append(one)
    assert find_faults(whales, Data())[0] == [
        "a.jpg (A) and d.jpg (A) are one photograph with one box: `gallery drop` one.",
        "a.jpg (A) and e.jpg (B) are one photograph with one box: `gallery drop` one, or if both "
        "are in it, give each its box in boxes.csv.",
    ]


def test_a_catalogue_that_is_gone_or_damaged_is_one_sentence(whales: Path, root: Path) -> None:
    with (root / "train.csv").open("a") as file:
        file.write("a.jpg,orca,A\n")
    assert "lists the image 'a.jpg' twice" in find_faults(whales, Data())[0][0]
    root.rename(root.with_name("moved"))
    found = find_faults(whales, Data())[0]
    assert found[-1].startswith(f"There is no catalogue {root}/train.csv, from which")


def test_of_many_faults_of_a_kind_twenty_are_named(root: Path) -> None:
    for n in range(30):
        (root / "train_images" / f"more{n:02d}.jpg").write_text(str(n))
    found, _ = find_faults(root, Data())
    assert len(found) == 21 and found[-1] == "10 more are like that."
