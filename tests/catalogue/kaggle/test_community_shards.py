from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.community_fixture import example, serialized, write_community, write_shard
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.catalogue.kaggle.community_index import COLUMNS, read_index
from tf_happywhale.catalogue.kaggle.community_labels import catalogue_of, read_individuals
from tf_happywhale.catalogue.kaggle.community_shards import find_shards
from tf_happywhale.catalogue.photographs.photo_files import list_images
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError


@pytest.fixture(scope="module")
def community(pod: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("community") / "happywhale-tfrecords"
    write_community(pod, folder)
    return folder


@pytest.fixture
def load(community: Path, tmp_path: Path):
    def loaded(*overrides: str):
        places = [f"data.tfrecords={community}", f"output={tmp_path / 'out'}", "data.folds=3"]
        return load_data(load_experiment(None, [*places, *overrides]))

    return loaded


def test_labels_come_from_the_json_and_folds_from_the_shards(load, pod: Path) -> None:
    data = load()
    truth = read_catalogue(pod / "train.csv")
    known = dict(zip(truth["image"], truth["individual_id"], strict=True))
    assert sorted(data.images) == sorted(truth["image"])
    assert all(
        known[image] == identity
        for image, identity in zip(data.images, data.individual_ids, strict=True)
    )
    row = {image: n for n, image in enumerate(truth["image"])}
    assert data.folds.tolist() == [row[image] % 3 for image in data.images]
    assert [data.order[target] for target in data.targets] == data.individual_ids
    assert sorted(data.test_images) == list_images(pod / "test_images")
    assert data.name == "happywhale_tfrecords"


def test_the_catalogue_goes_before_the_records(load, tmp_path: Path) -> None:
    image = load().images[0]
    root = tmp_path / "data"
    root.mkdir()
    (root / "train.csv").write_text(f"image,species,individual_id\n{image},orca,00corrected\n")
    data = load(f"data.root={root}")
    assert data.individual_ids[0] == "00corrected"
    assert data.catalogue["species"][0] == "orca"
    assert data.individual_ids[1:] == load().individual_ids[1:]


def test_the_index_is_kept_until_a_shard_changes(community: Path, tmp_path: Path) -> None:
    shards = find_shards(community)
    first = read_index(shards, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_text(kept.read_text().replace("train", "train", 1).replace(".jpg", ".JPG"))
    assert list(read_index(shards, tmp_path)["image"]) != list(first["image"])  # the cache
    shards[0].path.touch()
    assert list(read_index(find_shards(community), tmp_path)["image"]) == list(first["image"])


def test_other_folds_than_the_shards_are_refused(load) -> None:
    with pytest.raises(InputError, match=r"in folds \[0, 1, 2\]: set data\.folds=3"):
        load("data.folds=5")


@pytest.mark.parametrize(
    "content",
    [{"b": 0, "a": 1}, {"0": "b", "1": "a"}, ["b", "a"]],
    ids=["id to target", "target to id", "list"],
)
def test_individuals_are_read_either_way_round(tmp_path: Path, content) -> None:
    (tmp_path / "individual_ids.json").write_text(json.dumps(content))
    assert read_individuals(tmp_path) == {0: "b", 1: "a"}


@pytest.mark.parametrize("content", ["no json", "3", '{"a": null}'])
def test_individuals_that_cannot_be_read_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "individual_ids.json").write_text(content)
    with pytest.raises(InputError, match=r"individual_ids\.json"):
        read_individuals(tmp_path)


def test_targets_that_nobody_names_are_said(load, community: Path, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    shutil.copytree(community, folder)
    (folder / "individual_ids.json").unlink()
    with pytest.raises(InputError, match=r"no .*individual_ids\.json, which names the individual"):
        load(f"data.tfrecords={folder}")


def test_a_shard_with_another_count_than_its_name_says_is_refused(
    pod: Path, tmp_path: Path
) -> None:
    image = list_images(pod / "test_images")[0]
    from tf_happywhale.catalogue.boxes.box import Box

    record = example(pod / "test_images", image, -1, -1, {image: Box(1, 1, 9, 9)})
    write_shard(tmp_path / "test-0-2.tfrec", [record])
    with pytest.raises(InputError, match=r"holds 1 examples, but its name says 2"):
        read_index(find_shards(tmp_path), tmp_path / "cache")


def test_a_folder_without_such_shards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no TFRecords named like train-0-1024\.tfrec"):
        find_shards(tmp_path)
    with pytest.raises(InputError, match="There is no folder"):
        find_shards(tmp_path / "absent")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"image_name": b"\xff.jpg"}, r"image_name b'\\xff\.jpg' is not UTF-8"),
        ({"image_name": 7}, "without the text feature image_name"),
        (
            {"image_name": None, "target": 1},
            r"lack the feature image_name; they have image, target\. Write them with",
        ),
        ({"image": None, "image_name": b"a.jpg", "id": 3}, "lack the feature image; they have id,"),
        ({"image_name": b"a.jpg", "target": b"9"}, "target of a.jpg must be one integer"),
        ({"image_name": b"a.jpg", "target": [1, 2]}, "target of a.jpg must be one integer"),
        ({"image_name": b"a.jpg", "species": [0, 0]}, "species of a.jpg must be one integer"),
    ],
)
def test_odd_features_are_refused(tmp_path: Path, features: dict, message: str) -> None:
    features = {"image": b"", "image_name": b"", **features}
    there = {name: value for name, value in features.items() if value is not None}
    write_shard(tmp_path / "train-0-1.tfrec", [serialized(there)])
    with pytest.raises(InputError, match=message):
        read_index(find_shards(tmp_path), tmp_path / "cache")


def unlabelled(pod: Path, folder: Path, name: str = "whales_{}_part{}_{}.tfrecord") -> list[str]:
    """Two shards without targets, of the pod's first six photographs; their names."""
    folder.mkdir()
    images = list(read_catalogue(pod / "train.csv")["image"])[:6]
    for part in (0, 1):
        records = [
            serialized({"image": (pod / "train_images" / image).read_bytes(),
                        "image_name": image.encode()})
            for image in images[part::2]
        ]  # fmt: skip
        write_shard(folder / name.format("train", part, len(records)), records)
    return images


def test_labels_come_from_train_csv_where_the_records_have_none(
    load, pod: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    images = unlabelled(pod, folder, "{}-{}-{}.tfrec")
    places = [f"data.tfrecords={folder}", "data.folds=2"]
    with pytest.raises(InputError, match=r"has no target: put train\.csv .* into the folder"):
        load(*places)
    shutil.copy(pod / "train.csv", folder)
    truth = read_catalogue(pod / "train.csv").set_index("image")["individual_id"]
    for found in (load(*places), load(*places, f"data.root={pod}")):
        assert sorted(found.images) == sorted(images)
        assert found.individual_ids == [truth[image] for image in found.images]
    table = (folder / "train.csv").read_text().replace("\n", "\n.\\").removesuffix(".\\")
    (folder / "train.csv").write_text(table)  # as Windows writes a path
    assert load(*places).individual_ids == [truth[image] for image in found.images]
    (folder / "train.csv").write_text("image,individual_id\nother.jpg,a\n")
    with pytest.raises(InputError, match=r"does not list the image: .* like 'other\.jpg'"):
        load(*places)


def test_other_names_are_read_where_the_pattern_says_so(load, pod: Path, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    images = unlabelled(pod, folder)
    shutil.copy(pod / "train.csv", folder)
    place = f"data.tfrecords={folder}"
    with pytest.raises(InputError, match=r"It has 'whales_train_part0_3\.tfrecord'\. Set data"):
        load(place)
    named = load(place, "data.tfrecords_pattern=whales_{split}_part{fold}_{count}.tfrecord",
                 "data.folds=2")  # fmt: skip
    assert named.images == images[::2] + images[1::2]
    assert named.folds.tolist() == [0, 0, 0, 1, 1, 1]
    dealt = load(place, "data.tfrecords_pattern=*_{split}_*_{count}.tfrecord", "data.folds=3")
    assert dealt.images == named.images
    assert sorted(set(dealt.folds.tolist())) == [0, 1, 2]
    with pytest.raises(InputError, match=r"give \{split\} and \{count\} once each"):
        load(place, "data.tfrecords_pattern={split}.tfrecord")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"a": 0, "b": 0}', "gives the target 0 to 'a' and to 'b'"),
        ('{"0": "a", "00": "b"}', "gives the target 0 to 'a' and to 'b'"),
        ("[9913, 9914]", "with ids as text"),
        ('{"a": 0.5}', "targets as whole numbers"),
        ('{"a": true}', "targets as whole numbers"),
    ],
)
def test_a_target_is_one_individual_and_an_id_is_text(
    tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "individual_ids.json").write_text(content)
    with pytest.raises(InputError, match=reason):
        read_individuals(tmp_path)


def test_individuals_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "individual_ids.json").write_text('["09913"]', encoding="utf-8-sig")
    assert read_individuals(tmp_path) == {0: "09913"}


def test_a_label_that_is_there_twice_by_another_spelling_is_refused(tmp_path: Path) -> None:
    index = pd.DataFrame([("a.jpg", "train", "0", "-1", "-1")], columns=COLUMNS, dtype=object)
    labels = pd.DataFrame(
        {"image": ["a.jpg", "a"], "species": "", "individual_id": ["X", "Y"]}, dtype=object
    )
    with pytest.raises(InputError, match=r"lists the image 'a\.jpg' twice"):
        catalogue_of(index, {}, tmp_path, labels)
