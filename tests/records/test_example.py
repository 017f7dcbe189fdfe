from __future__ import annotations

import pytest
import tensorflow as tf

from tf_happywhale.records.example import (
    make_example,
    parse_community,
    parse_crops,
)


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
    images, name = parse_crops(tf.constant(make_example("é.jpg", b"\xff\xd8\0", 7, -1)), [])
    assert images.numpy().tolist() == [b"\xff\xd8\0"]
    assert name.numpy().decode() == "é.jpg"


def test_further_crops_are_read_by_source_and_empty_where_absent() -> None:
    example = make_example("a.jpg", b"body", 1, 2, {"backfin": b"fin"})
    feature = tf.train.Example.FromString(example).features.feature
    assert feature["image/backfin"].bytes_list.value[0] == b"fin"
    images, _ = parse_crops(tf.constant(example), ["whole", "backfin"])
    assert images.numpy().tolist() == [b"body", b"", b"fin"]


@pytest.mark.parametrize(
    ("source", "boxes", "found"),
    [
        ("fullbody", {"yolov5_box": [1, 2, 3, 4], "detic_box": [5, 6, 7, 8]}, [1, 2, 3, 4]),
        ("fullbody", {"yolov5_box": [-1] * 4, "detic_box": [5, 6, 7, 8]}, [5, 6, 7, 8]),
        ("fullbody", {"detic_box": [5, 6, 7, 8]}, [5, 6, 7, 8]),
        ("fullbody", {}, [-1] * 4),
        ("detic", {"yolov5_box": [1, 2, 3, 4], "detic_box": [5, 6, 7, 8]}, [5, 6, 7, 8]),
        ("yolov5", {"yolov5_box": [-1] * 4, "detic_box": [5, 6, 7, 8]}, [-1] * 4),
        ("whole", {"yolov5_box": [1, 2, 3, 4]}, [-1] * 4),
    ],
)
def test_a_community_example_gives_the_box_asked_for(source: str, boxes: dict, found: list) -> None:
    features = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"jpeg"])),
        "image_name": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"a.jpg"])),
    } | {
        name: tf.train.Feature(int64_list=tf.train.Int64List(value=box))
        for name, box in boxes.items()
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    image, name, box = parse_community(tf.constant(example.SerializeToString()), source)
    assert (image.numpy(), name.numpy(), box.numpy().tolist()) == (b"jpeg", b"a.jpg", found)
