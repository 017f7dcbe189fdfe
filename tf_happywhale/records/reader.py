"""TFRecords to batches: training in an order that (seed, epoch) decides, evaluation image by image.

Labels come from the catalogue by image name, not from the records, so that a corrected catalogue
needs no new shards. Nothing here keeps state: the order of an epoch and the augmentation of an
example are computed anew from (seed, epoch, image), which is what makes resuming exact.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_happywhale.errors import InputError
from tf_happywhale.records.augmentation import Settings, augment, generator
from tf_happywhale.records.folder import read_manifest
from tf_happywhale.records.pictures import decode, resize
from tf_happywhale.records.schema import parse_image

WORKERS = os.cpu_count() or 1
PREFETCH = 4  # batches ready for the device


def training_batches(
    folder: Path,
    split: str,
    images: Sequence[str],
    targets: Sequence[int],
    *,
    size: int,
    batch_size: int,
    settings: Settings,
    shuffle_buffer: int,
    seed: int,
    epoch: int,
    skip_batches: int = 0,
) -> tf.data.Dataset:
    """One epoch of augmented batches: pictures uint8 [b, size, size, 3], targets int64 [b].

    Args:
        folder: a finished records folder.
        split: train or test, whose shards are read.
        images: the images to train on, by name; others of the split are left out.
        targets: the target of each of `images`.
        size: side of the pictures.
        batch_size: pictures a batch; an incomplete last batch is dropped.
        settings: the augmentations.
        shuffle_buffer: encoded examples held for shuffling.
        seed, epoch: decide the order and the augmentation.
        skip_batches: batches already seen of this epoch; they are skipped undecoded.
    """
    rng = np.random.default_rng([seed, epoch])
    tf.random.set_seed(seed)  # `shuffle` mixes the global seed into its own
    files = _files(folder, split)
    rng.shuffle(files)
    lookup = _lookup(images)
    all_targets = tf.constant(np.asarray(targets, np.int64))

    def picture(encoded: bytes, name: bytes) -> np.ndarray:
        crop = decode(encoded, name.decode("utf-8", "replace"))
        return augment(crop, size, settings, generator(seed, epoch, name))

    def load(encoded: tf.Tensor, name: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        loaded = tf.numpy_function(picture, [encoded, name], tf.uint8, stateful=False)
        loaded = tf.ensure_shape(loaded, (size, size, 3))
        return loaded, all_targets[lookup[name]]

    return (
        tf.data.Dataset.from_tensor_slices(files)
        .interleave(tf.data.TFRecordDataset, cycle_length=8)
        .map(parse_image)
        .filter(lambda _, name: lookup[name] >= 0)
        .shuffle(shuffle_buffer, seed=int(rng.integers(2**31)), reshuffle_each_iteration=False)
        .skip(skip_batches * batch_size)
        .map(load, num_parallel_calls=WORKERS, deterministic=True)
        .batch(batch_size, drop_remainder=True)
        .prefetch(PREFETCH)
        .with_options(_options())
    )


def evaluation_batches(
    folder: Path, split: str, images: Sequence[str], *, size: int, batch_size: int
) -> tf.data.Dataset:
    """Each of a split's `images` exactly once, in the folder's order, in batches of one shape.

    Yields:
        pictures uint8 [b, size, size, 3], image names str [b], mask bool [b]; the last batch is
        filled up with black pictures of empty name, which the mask marks False.
    """
    files = _files(folder, split)
    lookup = _lookup(images)

    def picture(encoded: bytes, name: bytes) -> np.ndarray:
        return resize(decode(encoded, name.decode("utf-8", "replace")), size)

    def load(encoded: tf.Tensor, name: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        loaded = tf.numpy_function(picture, [encoded, name], tf.uint8, stateful=False)
        return tf.ensure_shape(loaded, (size, size, 3)), name

    def fill(pictures: tf.Tensor, names: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        count = tf.shape(names)[0]
        missing = batch_size - count
        pictures = tf.pad(pictures, [[0, missing], [0, 0], [0, 0], [0, 0]])
        names = tf.concat([names, tf.fill([missing], "")], axis=0)
        mask = tf.range(batch_size) < count
        pictures = tf.ensure_shape(pictures, (batch_size, size, size, 3))
        return pictures, tf.ensure_shape(names, (batch_size,)), mask

    return (
        tf.data.TFRecordDataset(tf.constant(files, tf.string))
        .map(parse_image)
        .filter(lambda _, name: lookup[name] >= 0)
        .map(load, num_parallel_calls=WORKERS, deterministic=True)
        .batch(batch_size)
        .map(fill)
        .prefetch(PREFETCH)
        .with_options(_options())
    )


def checked(batches: Iterable, folder: Path) -> Iterator:
    """The batches, one by one.

    Raises:
        InputError: a shard of the folder is damaged.
    """
    try:
        yield from batches
    except tf.errors.OpError:
        raise InputError(
            f"The TFRecords in {folder} are damaged: delete that folder and write them again."
        ) from None


def _options() -> tf.data.Options:
    """No autotuning: its thread sleeps ever longer, and the end of an epoch may have to wait for it
    to wake up, for 34 seconds after one of 48."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return options


def _files(folder: Path, split: str) -> list[str]:
    shards = read_manifest(folder)["shards"]
    return [str(folder / shard.file) for shard in shards if shard.split == split]


def _lookup(images: Sequence[str]) -> tf.lookup.StaticHashTable:
    """Image name to its place in `images`, −1 for others."""
    places = np.arange(len(images), dtype=np.int64)
    places = np.append(places, -1)  # a table must have an entry; no image has the empty name
    names = tf.constant([*(image.encode("utf-8") for image in images), b""], tf.string)
    initializer = tf.lookup.KeyValueTensorInitializer(names, places)
    return tf.lookup.StaticHashTable(initializer, default_value=-1)
