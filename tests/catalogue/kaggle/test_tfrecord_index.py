from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

from tf_happywhale.catalogue.kaggle.tfrecord_index import compression, feature_names, read_features
from tf_happywhale.errors import InputError


def feature(value: bytes | list) -> tf.train.Feature:
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    if value and isinstance(value[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=value))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=value))


@pytest.fixture
def save(tmp_path: Path):
    def write(*examples: dict) -> Path:
        path = tmp_path / "some.tfrec"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for example in examples:
                features = {name: feature(value) for name, value in example.items()}
                message = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(message.SerializeToString())
        return path

    return write


def test_what_tensorflow_wrote_is_read(save) -> None:
    examples = [
        {
            "image": bytes(range(256)) * 400,
            "image_name": "é.jpg".encode(),
            "target": [15586],
            "box": [0, -1, 2**62, -(2**62)],
            "weights": [0.5, 1.5],
        },
        {"image_name": b"", "target": [-1]},
        {},
        {"target": []},
    ]
    wanted = ("image", "image_name", "target", "box", "weights")
    assert list(read_features(save(*examples), wanted)) == [
        {name: value for name, value in examples[0].items() if name != "weights"},
        {"image_name": b"", "target": [-1]},
        {},
        {},
    ]


def test_only_the_named_features_come(save) -> None:
    path = save({"image": b"x", "image_name": b"a", "target": [3]})
    assert list(read_features(path, ("target",))) == [{"target": [3]}]


def test_an_empty_file_has_no_examples(save) -> None:
    assert list(read_features(save(), ("target",))) == []


@pytest.mark.parametrize("damage", ["cut off", "no records", "another message"])
def test_a_damaged_file_is_refused_by_name(save, damage: str) -> None:
    path = save({"image": b"x" * 500, "target": [3]})
    content = path.read_bytes()
    if damage == "cut off":
        path.write_bytes(content[:-50])
    elif damage == "no records":
        path.write_bytes(b"image,individual_id\n" * 40)
    else:
        path.write_bytes(content[:12] + b"\xff" * (len(content) - 16) + content[-4:])
    with pytest.raises(InputError, match=r"some\.tfrec is damaged"):
        list(read_features(path, ("target",)))


@pytest.mark.parametrize("kind", ["", "GZIP", "ZLIB"])
def test_compressed_files_are_told_and_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "some.tfrec"
    with tf.io.TFRecordWriter(str(path), kind) as writer:
        for name in (b"a.jpg", b"b.jpg"):
            example = {"image": feature(bytes(300_000)), "image_name": feature(name)}
            message = tf.train.Example(features=tf.train.Features(feature=example))
            writer.write(message.SerializeToString())
    assert compression(path) == kind
    assert [e["image_name"] for e in read_features(path, ("image_name",))] == [b"a.jpg", b"b.jpg"]
    assert feature_names(path) == ["image", "image_name"]
    whole = path.read_bytes()
    for cut in (len(whole) // 3, len(whole) - 9):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match=r"some\.tfrec is damaged, or it is not a TFRecord"):
            list(read_features(path, ("image_name",)))


def test_a_record_as_long_as_a_gzip_header_is_not_compressed(tmp_path: Path) -> None:
    path = tmp_path / "some.tfrec"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(bytes(0x088B1F))  # its length begins 1f 8b 08
    assert path.read_bytes()[:3] == b"\x1f\x8b\x08"
    assert compression(path) == ""


def test_a_file_without_examples_has_no_features(tmp_path: Path) -> None:
    (tmp_path / "empty.tfrec").touch()
    assert feature_names(tmp_path / "empty.tfrec") == []
    assert list(read_features(tmp_path / "empty.tfrec", ("image",))) == []
