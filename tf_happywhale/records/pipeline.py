"""What training and evaluation share when they read TFRecords with `tf.data`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_happywhale.catalogue.kaggle.tfrecord_index import compression
from tf_happywhale.errors import InputError
from tf_happywhale.records.manifest import COMMUNITY, Shard, read_manifest

PREFETCH = 4  # batches ready for the device


def serialized_examples(
    folder: Path, shards: Sequence[Shard], *, at_a_time: int
) -> tf.data.Dataset:
    """Return the serialized examples of shards, read from `at_a_time` files in turn."""
    files = [str(folder / shard.file) for shard in shards]
    kinds = [compression(Path(file)) for file in files]
    named = tf.constant(files, tf.string), tf.constant(kinds, tf.string)
    return tf.data.Dataset.from_tensor_slices(named).interleave(
        tf.data.TFRecordDataset, cycle_length=at_a_time
    )


def row_table(images: Sequence[str]) -> tf.lookup.StaticHashTable:
    """Return a table from an image's name to its row in `images`, −1 for other names."""
    rows = np.arange(len(images), dtype=np.int64)
    rows = np.append(rows, -1)  # a table must have an entry; no image has the empty name
    names = tf.constant([*(image.encode("utf-8") for image in images), b""], tf.string)
    initializer = tf.lookup.KeyValueTensorInitializer(names, rows)
    return tf.lookup.StaticHashTable(initializer, default_value=-1)


def prefetched(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Return the batches with `PREFETCH` of them ready, and without autotuning.

    The thread that autotunes sleeps longer and longer, and the end of an epoch may have to wait for
    it: 34 seconds have been seen after an epoch of 48.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.prefetch(PREFETCH).with_options(options)


def checked(batches: Iterable, folder: Path) -> Iterator:
    """Yield the batches that are read from a records folder.

    Raises:
        InputError: a shard of the folder is damaged, or a community photograph cannot be read.
    """
    try:
        yield from batches
    except tf.errors.OpError as error:
        manifest = read_manifest(folder)
        if manifest["schema"] != COMMUNITY:
            raise InputError(
                f"The TFRecords in {folder} are damaged: delete that folder and write them again."
            ) from None
        shards = Path(manifest["shards"][0].file).parent
        picture = re.search(rf"\b{InputError.__name__}: (.+)", error.message)
        if picture:
            raise InputError(f"{picture[1].rstrip('.')} (of the TFRecords in {shards}).") from None
        raise InputError(f"The TFRecords in {shards} are damaged: download them again.") from None
