"""One TFRecord example: what is in it, and the names of the files it is kept in."""

from __future__ import annotations

import tensorflow as tf

VERSION = 1


def make_example(image_name: str, jpeg: bytes, target: int, species: int) -> bytes:
    """A serialized example: `image`, `image_name`, `target` and `species` (−1: unknown)."""
    features = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg])),
        "image_name": tf.train.Feature(
            bytes_list=tf.train.BytesList(value=[image_name.encode("utf-8")])
        ),
        "target": tf.train.Feature(int64_list=tf.train.Int64List(value=[target])),
        "species": tf.train.Feature(int64_list=tf.train.Int64List(value=[species])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(
        deterministic=True
    )


def parse_image(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """JPEG bytes and image name, scalar strings, of a serialized example."""
    parsed = tf.io.parse_single_example(
        serialized,
        {
            "image": tf.io.FixedLenFeature([], tf.string),
            "image_name": tf.io.FixedLenFeature([], tf.string),
        },
    )
    return parsed["image"], parsed["image_name"]


def shard_name(dataset: str, split: str, fold: int, shard: int, count: int) -> str:
    """The file name of a shard; other tools find the count by `-([0-9]+)\\.`."""
    return f"{dataset}-{split}-f{fold}-s{shard:03d}-{count}.tfrec"
