"""A small data set in the community's exact form, made of a pod."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from tf_happywhale.catalogue.boxes.best_boxes import best_boxes
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.photographs.photo_files import list_images


def write_community(pod: Path, folder: Path, folds: int = 3) -> None:
    """Shards `{train,test}-{fold}-{count}.tfrec` of the pod's original JPEGs, and
    `individual_ids.json`."""
    catalogue = read_catalogue(pod / "train.csv")
    individuals = sorted(set(catalogue["individual_id"]), reverse=True)  # not our order
    folder.mkdir(parents=True)
    ids = {identity: target for target, identity in enumerate(individuals)}
    (folder / "individual_ids.json").write_text(json.dumps(ids))
    kinds = sorted(set(catalogue["species"]))
    test = list_images(pod / "test_images")
    boxes = best_boxes(
        read_box_rows(pod / "boxes.csv"), "backfin", [*catalogue["image"], *test], pod
    )
    for fold in range(folds):
        rows = catalogue[np.arange(len(catalogue)) % folds == fold]
        examples = [
            example(pod / "train_images", image, ids[identity], kinds.index(kind), boxes)
            for image, kind, identity in zip(
                rows["image"], rows["species"], rows["individual_id"], strict=True
            )
        ]
        write_shard(folder / f"train-{fold}-{len(examples)}.tfrec", examples)
    for fold in range(2):
        examples = [example(pod / "test_images", name, -1, -1, boxes) for name in test[fold::2]]
        write_shard(folder / f"test-{fold}-{len(examples)}.tfrec", examples)


def write_shard(path: Path, examples: list[bytes]) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for serialized in examples:
            writer.write(serialized)


def example(folder: Path, image: str, target: int, species: int, boxes: dict) -> bytes:
    """The stored file as it is; one detector found nothing in every fourth image."""
    encoded = (folder / image).read_bytes()
    height, width = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR).shape[:2]
    box = boxes[image].clip(width, height)
    corners = [box.xmin, box.ymin, box.xmax, box.ymax]
    missed = sum(image.encode()) % 4 == 0
    return serialized(
        {
            "image": encoded,
            "image_name": image.encode(),
            "target": target,
            "species": species,
            "yolov5_box": [-1] * 4 if missed else corners,
            "detic_box": corners,
        }
    )


def serialized(features: dict[str, bytes | int | list[int]]) -> bytes:
    """An Example of features of bytes and of integers."""

    def feature(value: bytes | int | list[int]) -> tf.train.Feature:
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        numbers = [value] if isinstance(value, int) else value
        return tf.train.Feature(int64_list=tf.train.Int64List(value=numbers))

    made = {name: feature(value) for name, value in features.items()}
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()
