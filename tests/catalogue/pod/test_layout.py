"""The pod as a data folder."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cv2
import pandas as pd
import pytest

from tf_happywhale.catalogue.pod.layout import write_pod
from tf_happywhale.config import Pod
from tf_happywhale.errors import InputError

SMALL = {
    "individuals": 4,
    "new_individuals": 2,
    "singletons": 1,
    "mean_images": 2.5,
    "test_images": 1.0,
    "width": 300,
    "height": 240,
}


def draw(root: Path, *, seed: int = 3, workers: int = 1, **settings: float) -> None:
    write_pod(root, Pod.model_construct(**settings), seed=seed, workers=workers)


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def content(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pod") / "data"
    draw(root, **SMALL)
    return root


def test_the_tables_are_kaggles(pod: Path) -> None:
    train, answers = read(pod / "train.csv"), read(pod / "answers.csv")
    submission = read(pod / "sample_submission.csv")
    assert list(train.columns) == ["image", "species", "individual_id"]
    assert list(answers.columns) == ["image", "individual_id"]
    assert list(submission.columns) == ["image", "predictions"]
    assert list(submission.image) == list(answers.image)
    assert all(len(text.split()) == 5 for text in submission.predictions)
    assert train.individual_id.str.fullmatch(r"[0-9]{5}").all()
    assert train.image.str.fullmatch(r"[0-9a-f]{12}\.jpg").all()
    assert train.individual_id.nunique() == 4
    assert set(answers.individual_id) == {*train.individual_id, "new_individual"}
    assert (answers.individual_id == "new_individual").sum() == 2


def test_every_photograph_is_there_once_and_opens(pod: Path) -> None:
    train, answers = read(pod / "train.csv"), read(pod / "answers.csv")
    folders = {
        "train_images": train.image,
        "test_images": answers.image,
        "test_images_no_fin": answers.image,
    }
    for folder, images in folders.items():
        assert sorted(p.name for p in (pod / folder).iterdir()) == sorted(images)
        for image in images:
            assert cv2.imread(str(pod / folder / image)).shape == (240, 300, 3)
    assert not set(train.image) & set(answers.image)


def test_the_copy_without_the_animal_is_the_same_sea(pod: Path) -> None:
    for image in read(pod / "answers.csv").image:
        box = read(pod / "boxes.csv").query("image == @image and source == 'backfin'").iloc[0]
        whole, empty = (
            cv2.imread(str(pod / folder / image)).astype(int)
            for folder in ("test_images", "test_images_no_fin")
        )
        difference = abs(whole - empty).mean(axis=-1)
        top, bottom = int(float(box.ymin)), int(float(box.ymax))
        left, right = int(float(box.xmin)), int(float(box.xmax))
        assert difference[top:bottom, left:right].mean() > 5
        assert difference[: max(top - 16, 0)].sum() == 0


def test_boxes_of_both_sources_for_every_photograph(pod: Path) -> None:
    boxes = read(pod / "boxes.csv")
    assert ",".join(boxes.columns) == "image,source,xmin,ymin,xmax,ymax,confidence,origin"
    images = [*read(pod / "train.csv").image, *read(pod / "answers.csv").image]
    assert Counter(boxes.image) == dict.fromkeys(images, 2)
    assert set(boxes.source) == {"backfin", "fullbody"} and set(boxes.origin) == {"pod"}
    assert (boxes.xmax.astype(float) <= 300).all() and (boxes.ymax.astype(float) <= 240).all()


def test_the_same_bytes_whatever_the_workers(pod: Path, tmp_path: Path) -> None:
    draw(tmp_path / "data", **SMALL, workers=2)
    assert content(tmp_path / "data") == content(pod)


def test_a_whole_pod_is_left_as_it_is(pod: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in pod.rglob("*")}
    draw(pod, **SMALL)
    assert {p: p.stat().st_mtime_ns for p in pod.rglob("*")} == before


def test_other_arguments_or_an_unfinished_pod_are_drawn_again(tmp_path: Path) -> None:
    tiny = {**SMALL, "individuals": 1, "new_individuals": 1, "mean_images": 1.0}
    draw(tmp_path, **tiny)
    first = content(tmp_path)
    draw(tmp_path, **{**tiny, "seed": 4})
    assert json.loads((tmp_path / "pod.json").read_text())["seed"] == 4
    assert not set(first) & {name for name in content(tmp_path) if name.endswith(".jpg")}
    (tmp_path / "pod.json").rename(tmp_path / "pod.started")
    (tmp_path / "train_images" / "left_over.jpg").touch()
    draw(tmp_path, **tiny)
    assert content(tmp_path) == first


@pytest.mark.parametrize("added", ["row", "train_images", "test_images", "box"])
def test_a_pod_that_something_was_added_to_is_not_drawn_again(tmp_path: Path, added: str) -> None:
    tiny = {**SMALL, "individuals": 1, "new_individuals": 1, "mean_images": 1.0}
    draw(tmp_path, **tiny)
    if added == "row":
        with (tmp_path / "train.csv").open("a") as file:
            file.write("mine.jpg,,Luna\n")
    elif added == "box":
        with (tmp_path / "boxes.csv").open("a") as file:
            file.write("a.jpg,backfin,1,2,3,4,,manual\n")
    else:
        (tmp_path / added / "mine.jpg").write_bytes(b"mine")
    before = content(tmp_path)
    with pytest.raises(InputError, match="something was added to it"):
        draw(tmp_path, **{**tiny, "seed": 4})
    assert content(tmp_path) == before


def test_somebodys_photographs_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("image,individual_id\na.jpg,1\n")
    with pytest.raises(InputError, match="empty folder"):
        draw(tmp_path, **SMALL)
    assert [p.name for p in tmp_path.iterdir()] == ["train.csv"]


def test_more_singletons_than_individuals_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="5 singletons do not fit among 4 individuals"):
        draw(tmp_path / "data", **{**SMALL, "singletons": 5})
    assert not (tmp_path / "data").exists()
