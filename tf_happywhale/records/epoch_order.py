"""The order of an epoch: which images come, how often, and when.

Nothing here keeps state. The order is computed again from (seed, epoch), which makes resuming
exact. Targets come from the catalogue and not from the records, so that a corrected catalogue needs
no new shards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_happywhale.records.manifest import Shard
from tf_happywhale.records.pipeline import row_table, serialized_examples

FILES_AT_A_TIME = 8
SHUFFLED = 2 << 30  # bytes of encoded pictures that are held for shuffling, at most


@dataclass(frozen=True)
class TrainingImages:
    """The images of an epoch, and the records that hold them.

    Attributes:
        folder: a finished records folder.
        splits: train, test or both, whose shards are read.
        images: names of the images to train on; others in the shards are left out.
        targets: the target of each of `images`; −1: nobody knows.
        copies: how many times each of `images` comes, augmented differently each time (see
            `sampling.py`); None: once.
        teachers: where an ensemble puts each of `images`, float32 [n, d]; None: nobody teaches.
    """

    folder: Path
    splits: Sequence[str]
    images: Sequence[str]
    targets: Sequence[int]
    copies: Sequence[int] | None = None
    teachers: np.ndarray | None = None


@dataclass(frozen=True)
class EpochOrder:
    """What the order of an epoch depends on.

    Attributes:
        seed, epoch: decide the order, and also the crops and the augmentation.
        shuffle_buffer: encoded examples held for shuffling. Fewer are held where they would take
            more than 2 GiB, as photographs of full size do.
    """

    seed: int
    epoch: int
    shuffle_buffer: int


def ordered_examples(
    images: TrainingImages, order: EpochOrder, shards: Sequence[Shard], parse: Callable
) -> tf.data.Dataset:
    """Return the examples of an epoch, one by one: encoded picture str, name str, box int64 [4],
    and the row int64 of the image in `images`.

    Args:
        images, order: what comes, and in which order.
        shards: the folder's shards.
        parse: see `crops.example_parser`.
    """
    shards = [shard for shard in shards if shard.split in images.splits]
    buffer = min(order.shuffle_buffer, _examples_in(SHUFFLED, images.folder, shards))
    rng = np.random.default_rng([order.seed, order.epoch])
    _set_global_seed(order.seed)  # `shuffle` combines it with its own seed
    rng.shuffle(shards)
    rows = row_table(images.images)

    def with_row(serialized: tf.Tensor) -> tuple:
        encoded, name, box = parse(serialized)
        return encoded, name, box, rows[name]

    examples = (
        serialized_examples(images.folder, shards, at_a_time=FILES_AT_A_TIME)
        .map(with_row)
        .filter(lambda *example: example[-1] >= 0)
    )
    if images.copies is not None:
        times = tf.constant(np.asarray(images.copies, np.int64))
        examples = examples.flat_map(lambda *example: _repeated(example, times[example[-1]]))
    return examples.shuffle(buffer, seed=int(rng.integers(2**31)), reshuffle_each_iteration=False)


def _repeated(example: tuple, count: tf.Tensor) -> tf.data.Dataset:
    """Return `count` copies of an example. The names of further copies end in their number, so that
    each copy has its own random numbers."""
    encoded, name, box, row = example

    def copy(number: tf.Tensor) -> tuple:
        numbered = tf.strings.join([name, "\0", tf.strings.as_string(number)])
        return encoded, tf.where(number > 0, numbered, name), box, row

    return tf.data.Dataset.range(count).map(copy)


def _set_global_seed(seed: int) -> None:
    """Set TensorFlow's global seed if it is a different one. Setting it drops the kernels of every
    compiled function, and those of a training step take five seconds to make again."""
    if tf.compat.v1.get_seed(0)[0] != seed:
        tf.random.set_seed(seed)


def _examples_in(size: int, folder: Path, shards: Sequence[Shard]) -> int:
    """Return how many examples of the shards fill `size` bytes, at least one."""
    total = sum((folder / shard.file).stat().st_size for shard in shards)
    return max(1, sum(shard.count for shard in shards) * size // max(total, 1))
