"""Batches for evaluation and embedding: each image once, cropped and not augmented."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from tf_happywhale.records.batch_decoder import AHEAD, batch_decoder
from tf_happywhale.records.crops import crop_decoder, example_parser, fixed_crop
from tf_happywhale.records.manifest import Shard, read_manifest, shards_of
from tf_happywhale.records.pipeline import prefetched, row_table, serialized_examples


def evaluation_batches(
    folder: Path,
    split: str,
    images: Sequence[str] | None,
    *,
    size: int,
    batch_size: int,
    source: str | None = None,
    only: Sequence[Shard] | None = None,
) -> tf.data.Dataset:
    """Return batches of one shape that hold each of a split's `images` once, in the folder's order.

    Args:
        folder: a finished records folder.
        split: train or test, whose shards are read.
        images: names of the images wanted; None: all.
        size: side of the pictures, pixels.
        batch_size: pictures in a batch.
        source: which of an image's crops; the primary if it is None, or if the image lacks it.
        only: the shards of the split that are read; None: all.

    Yields:
        pictures uint8 [b, size, size, 3], image names str [b], mask bool [b]. The last batch is
        filled up with black pictures without a name, where the mask is False.
    """
    manifest = read_manifest(folder)
    shards = shards_of(manifest, split) if only is None else only
    parse = example_parser(manifest, fixed_crop(manifest["sources"], source))
    decode = batch_decoder(crop_decoder(manifest, size, exact=True), size)

    def decoded(*batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        encoded, names, boxes, mask = _filled_up(*batch, batch_size)
        return decode(encoded, names, boxes), names, mask

    examples = serialized_examples(folder, shards, at_a_time=1).map(parse)
    if images is not None:
        rows = row_table(images)
        examples = examples.filter(lambda _, name, __: rows[name] >= 0)
    return prefetched(
        examples.batch(batch_size).map(decoded, num_parallel_calls=AHEAD, deterministic=True)
    )


def _filled_up(
    encoded: tf.Tensor, names: tf.Tensor, boxes: tf.Tensor, batch_size: int
) -> tuple[tf.Tensor, ...]:
    """Return a batch with empty rows up to `batch_size`, and a mask bool [b] of the others."""
    count = tf.shape(names)[0]
    missing = batch_size - count
    encoded, names = (tf.concat([x, tf.fill([missing], "")], 0) for x in (encoded, names))
    names = tf.ensure_shape(names, (batch_size,))
    return encoded, names, tf.pad(boxes, [[0, missing], [0, 0]]), tf.range(batch_size) < count
