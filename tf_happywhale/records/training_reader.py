"""Batches for training: an epoch's images in its order, cropped and augmented."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import tensorflow as tf

from tf_happywhale.config import Augment
from tf_happywhale.records.augmentation.mixup import mixup
from tf_happywhale.records.augmentation.one_picture import augment, generator
from tf_happywhale.records.batch_decoder import AHEAD, batch_decoder
from tf_happywhale.records.crops import crop_decoder, drawn_crop, example_parser
from tf_happywhale.records.epoch_order import EpochOrder, TrainingImages, ordered_examples
from tf_happywhale.records.manifest import read_manifest
from tf_happywhale.records.pipeline import prefetched

MIXUP = 0.4  # shares are drawn from Beta(MIXUP, MIXUP)


def training_batches(
    images: TrainingImages,
    order: EpochOrder,
    *,
    size: int,
    batch_size: int,
    settings: Augment,
    skip_batches: int = 0,
    part: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """Return the augmented batches of one epoch: pictures uint8 [b, size, size, 3], targets int64
    [b].

    With teachers a target is not a number: {individual: int64 [b], teacher: float32 [b, d]}. With
    mixup there are three things in place of the targets: the targets, the targets of the pictures
    mixed in, and the first ones' share float32 [b].

    Args:
        images: what to train on.
        order: what the order, the crops and the augmentation depend on.
        size: side of the pictures, pixels.
        batch_size: pictures in a batch; an incomplete last batch is dropped.
        settings: the augmentations, and which of an image's crops to draw.
        skip_batches: batches of this epoch that have been seen; they are skipped undecoded.
        part: number, from 0, and count of the equal parts into which a batch is cut for several
            machines. Only the rows of this part are yielded and decoded; with mixup all are
            decoded, since pictures are mixed with others of the batch.
    """
    manifest = read_manifest(images.folder)
    crop = drawn_crop(manifest["sources"], settings.crops, order.seed, order.epoch)
    parse = example_parser(manifest, crop)
    decode_crop = crop_decoder(manifest, size)

    def picture(encoded: bytes, name: bytes, box: np.ndarray) -> np.ndarray:
        rng = generator(order.seed, order.epoch, name)
        return augment(decode_crop(encoded, name, box), size, settings, rng)

    decode = batch_decoder(picture, size)
    targets = tf.constant(np.asarray(images.targets, np.int64))
    if images.teachers is not None:
        targets = {"individual": targets, "teacher": tf.constant(images.teachers, tf.float32)}
    batches = (
        ordered_examples(images, order, manifest["shards"], parse)
        .batch(batch_size, drop_remainder=True)
        .skip(skip_batches)
    )
    own = _rows_of_part(batch_size, part)
    mixes = settings.enabled and settings.mixup_p > 0
    if not mixes:
        batches = own(batches)
    batches = batches.map(
        lambda encoded, names, boxes, rows: (
            decode(encoded, names, boxes),
            names,
            tf.nest.map_structure(lambda each: tf.gather(each, rows), targets),
        ),
        num_parallel_calls=AHEAD,
        deterministic=True,
    )
    if mixes:
        return prefetched(own(batches.map(_mixer(settings, order))))
    return prefetched(batches.map(lambda pictures, _, targets: (pictures, targets)))


def _rows_of_part(batch_size: int, part: tuple[int, int]) -> Callable:
    """Return a function that cuts one part's rows out of each batch of a data set."""
    number, count = part
    if count == 1:
        return lambda batches: batches
    length = batch_size // count
    rows = slice(number * length, (number + 1) * length)
    return lambda batches: batches.map(
        lambda *batch: tf.nest.map_structure(lambda each: each[rows], batch)
    )


def _mixer(settings: Augment, order: EpochOrder) -> Callable:
    """Return a function of pictures, names and targets to mixed pictures and, in place of targets,
    the targets, those of the pictures mixed in, and the first ones' shares."""
    mix = partial(
        mixup,
        probability=settings.mixup_p,
        alpha=MIXUP,
        seed=order.seed,
        epoch=order.epoch,
    )

    def mixed(pictures: tf.Tensor, names: tf.Tensor, targets: tf.Tensor | dict) -> tuple:
        found, shares = tf.numpy_function(mix, [pictures, names], (tf.uint8, tf.float32))
        found, shares = tf.ensure_shape(found, pictures.shape), tf.ensure_shape(shares, names.shape)
        following = tf.nest.map_structure(lambda each: tf.roll(each, -1, axis=0), targets)
        return found, (targets, following, shares)

    return mixed
