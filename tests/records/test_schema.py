from __future__ import annotations

import re

import pytest
import tensorflow as tf

from tf_happywhale.records.schema import make_example, parse_image, shard_name


def test_an_example_holds_what_the_contract_says() -> None:
    example = tf.train.Example.FromString(make_example("é.jpg", b"\xff\xd8\0", 7, -1))
    assert set(example.features.feature) == {"image", "image_name", "target", "species"}
    feature = example.features.feature
    assert list(feature["image"].bytes_list.value) == [b"\xff\xd8\0"]
    assert list(feature["image_name"].bytes_list.value) == ["é.jpg".encode()]
    assert list(feature["target"].int64_list.value) == [7]
    assert list(feature["species"].int64_list.value) == [-1]


def test_the_same_example_is_the_same_bytes() -> None:
    assert len({make_example("a.jpg", b"x", 1, 2) for _ in range(5)}) == 1


def test_image_and_name_are_read_back() -> None:
    image, name = parse_image(tf.constant(make_example("é.jpg", b"\xff\xd8\0", 7, -1)))
    assert image.numpy() == b"\xff\xd8\0"
    assert name.numpy().decode() == "é.jpg"


def test_a_shards_name_tells_split_fold_shard_and_count() -> None:
    assert shard_name("pod", "train", 3, 7, 512) == "pod-train-f3-s007-512.tfrec"
    assert shard_name("pod", "test", 0, 1000, 1) == "pod-test-f0-s1000-1.tfrec"


@pytest.mark.parametrize("dataset", ["pod", "North_Sea_2020", "9"])
def test_the_count_is_what_others_find_by_their_pattern(dataset: str) -> None:
    name = shard_name(dataset, "train", 1, 2, 34)
    assert int(re.compile(r"-([0-9]+)\.").search(name).group(1)) == 34
