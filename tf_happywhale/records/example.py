"""One TFRecord example: what it holds, how it is made and how it is parsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf

from tf_happywhale.catalogue.boxes.box import WHOLE

DETECTORS = ("yolov5", "detic")  # detectors whose boxes community examples may have


def make_example(
    image_name: str,
    jpeg: bytes,
    target: int,
    species: int,
    further: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return a serialized example: `image`, `image_name`, `target` and `species` (−1: unknown).

    `further` crops are stored as `image/<source>`.
    """
    images = {"image": jpeg}
    images |= {f"image/{source}": crop for source, crop in (further or {}).items()}
    texts = images | {"image_name": image_name.encode("utf-8")}
    numbers = {"target": target, "species": species}
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        for name, value in texts.items()
    } | {
        name: tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        for name, value in numbers.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(
        deterministic=True
    )


def parse_crops(serialized: tf.Tensor, further: Sequence[str]) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the JPEGs str [1 + n] of a serialized example, and its image name str.

    The primary crop comes first, then those of `further` sources, empty if the example lacks them.
    """
    string = tf.io.FixedLenFeature([], tf.string)
    names = [f"image/{source}" for source in further]
    optional = {name: tf.io.FixedLenFeature([], tf.string, "") for name in names}
    parsed = tf.io.parse_single_example(
        serialized, {"image": string, "image_name": string, **optional}
    )
    return tf.stack([parsed["image"], *(parsed[name] for name in names)]), parsed["image_name"]


def parse_community(serialized: tf.Tensor, source: str) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the photograph str, image name str and box int64 [4] of a community example.

    The box is in pixels of the stored picture, and −1 if there is none. It is the box of the
    detector that `source` names (`yolov5` or `detic`); `whole` takes none, and any other source the
    first box there is.
    """
    none = tf.constant([-1] * 4, tf.int64)
    string, box = tf.io.FixedLenFeature([], tf.string), tf.io.FixedLenFeature([4], tf.int64, none)
    parsed = tf.io.parse_single_example(
        serialized,
        {"image": string, "image_name": string} | {f"{name}_box": box for name in DETECTORS},
    )
    found = none
    for name in (source,) if source in DETECTORS else () if source == WHOLE else DETECTORS[::-1]:
        found = tf.where(parsed[f"{name}_box"][0] >= 0, parsed[f"{name}_box"], found)
    return parsed["image"], parsed["image_name"], found
