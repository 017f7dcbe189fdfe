"""TFRecords to batches: training in an order that (seed, epoch) decides, evaluation image by image.

Labels come from the catalogue by image name, not from the records, so that a corrected catalogue
needs no new shards. Nothing here keeps state: the order of an epoch and the augmentation of an
example are computed again from (seed, epoch, image), which is what makes resuming exact.

A whole batch is decoded and augmented inside one `tf.numpy_function`, straight into the batch's
memory, by as many threads as there are cores; OpenCV lets the others run meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_happywhale.catalogue.kaggle.tfrecord_index import compression
from tf_happywhale.cores import usable_cores
from tf_happywhale.errors import InputError
from tf_happywhale.records.augmentation.mixup import mixup
from tf_happywhale.records.augmentation.one_picture import Settings, augment, generator
from tf_happywhale.records.crops import crop_decoder, drawn_crop, example_parser, fixed_crop
from tf_happywhale.records.manifest import COMMUNITY, read_manifest

WORKERS = usable_cores()
THREADS = ThreadPoolExecutor(WORKERS)
AHEAD = 2  # batches being made at a time, so that no worker waits for the last of a batch
PREFETCH = 4  # batches ready for the device
ALIGNMENT = 64  # bytes
SHUFFLED = 2 << 30  # bytes of encoded pictures that are held for shuffling, at most


def training_batches(
    folder: Path,
    splits: Sequence[str],
    images: Sequence[str],
    targets: Sequence[int],
    *,
    size: int,
    batch_size: int,
    settings: Settings,
    shuffle_buffer: int,
    seed: int,
    epoch: int,
    copies: Sequence[int] | None = None,
    skip_batches: int = 0,
    part: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """One epoch of augmented batches: pictures uint8 [b, size, size, 3], targets int64 [b].

    Where the settings ask for mixup, three things stand in place of the targets: they themselves,
    the targets int64 [b] of the pictures mixed in, and the share float32 [b] of the first ones.

    Args:
        folder: a finished records folder.
        splits: train, test or both, whose shards are read.
        images: the images to train on, by name; others are left out.
        targets: the target of each of `images`.
        size: side of the pictures.
        batch_size: pictures a batch; an incomplete last batch is dropped.
        settings: the augmentations, and which of an image's crops to draw.
        shuffle_buffer: encoded examples held for shuffling; fewer where they would take more than
            2 GiB, as photographs of full size do.
        seed, epoch: decide the order, the crops and the augmentation.
        copies: how many times each of `images` comes, augmented each time (see `sampling.py`);
            None: once.
        skip_batches: batches already seen of this epoch; they are skipped undecoded.
        part: number, from 0, and count of the equal parts that a batch is cut into for several
            machines; only the rows of this one are yielded, and only they are decoded, unless
            pictures are mixed with others of the batch.
    """
    rng = np.random.default_rng([seed, epoch])
    _set_global_seed(seed)  # `shuffle` mixes it into its own
    manifest = read_manifest(folder)
    files = _files(folder, manifest, splits)
    held = min(shuffle_buffer, _examples_of(SHUFFLED, folder, manifest, splits))
    rng.shuffle(files)
    if copies is None:
        keys, all_targets, times = images, targets, None
    else:
        keys, all_targets = _copied(images, targets, copies)
        times = tf.constant(np.asarray(copies, np.int64))
    lookup, all_targets = _lookup(keys), tf.constant(np.asarray(all_targets, np.int64))

    def labels(names: tf.Tensor) -> tf.Tensor:
        return tf.gather(all_targets, lookup[names])

    parse = example_parser(manifest, drawn_crop(manifest["sources"], settings.crops, seed, epoch))
    decode = crop_decoder(manifest, size)

    def picture(encoded: bytes, name: bytes, box: np.ndarray) -> np.ndarray:
        return augment(decode(encoded, name, box), size, settings, generator(seed, epoch, name))

    load = _loader(picture, size)
    examples = (
        _serialized(files, at_a_time=8).map(parse).filter(lambda _, name, __: lookup[name] >= 0)
    )
    if times is not None:
        examples = examples.flat_map(lambda *example: _repeated(example, times[lookup[example[1]]]))
    encoded_batches = (
        examples.shuffle(held, seed=int(rng.integers(2**31)), reshuffle_each_iteration=False)
        .batch(batch_size, drop_remainder=True)
        .skip(skip_batches)
    )
    own = _rows(batch_size, part)
    mixes = bool(settings.enabled and settings.mixup_p)
    if not mixes:
        encoded_batches = own(encoded_batches)
    batches = encoded_batches.map(
        lambda encoded, names, boxes: (load(encoded, names, boxes), names),
        num_parallel_calls=AHEAD,
        deterministic=True,
    )
    if mixes:
        mix = _mixer(settings, seed, epoch)
        batches = own(
            batches.map(lambda pictures, names: _mixed(mix, pictures, names, labels(names)))
        )
    else:
        batches = batches.map(lambda pictures, names: (pictures, labels(names)))
    return batches.prefetch(PREFETCH).with_options(_options())


def evaluation_batches(
    folder: Path,
    split: str,
    images: Sequence[str],
    *,
    size: int,
    batch_size: int,
    source: str | None = None,
) -> tf.data.Dataset:
    """Each of a split's `images` exactly once, in the folder's order, in batches of one shape.

    Args:
        folder: a finished records folder.
        split: train or test, whose shards are read.
        images: the images wanted, by name.
        size: side of the pictures.
        batch_size: pictures a batch.
        source: which of an image's crops; None, or one the image lacks: the primary.

    Yields:
        pictures uint8 [b, size, size, 3], image names str [b], mask bool [b]; the last batch is
        filled up with black pictures of empty name, which the mask marks False.
    """
    manifest = read_manifest(folder)
    files = _files(folder, manifest, [split])
    lookup = _lookup(images)
    parse = example_parser(manifest, fixed_crop(manifest["sources"], source))
    load = _loader(crop_decoder(manifest, size, exact=True), size)

    def fill(
        encoded: tf.Tensor, names: tf.Tensor, boxes: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        count = tf.shape(names)[0]
        missing = batch_size - count
        encoded, names = (tf.concat([x, tf.fill([missing], "")], 0) for x in (encoded, names))
        names = tf.ensure_shape(names, (batch_size,))
        boxes = tf.pad(boxes, [[0, missing], [0, 0]])
        return load(encoded, names, boxes), names, tf.range(batch_size) < count

    return (
        _serialized(files, at_a_time=1)
        .map(parse)
        .filter(lambda _, name, __: lookup[name] >= 0)
        .batch(batch_size)
        .map(fill, num_parallel_calls=AHEAD, deterministic=True)
        .prefetch(PREFETCH)
        .with_options(_options())
    )


def checked(batches: Iterable, folder: Path) -> Iterator:
    """The batches, one by one.

    Raises:
        InputError: a shard of the folder is damaged, or a community's photograph cannot be read.
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


def _loader(picture: Callable[[bytes, bytes, np.ndarray], np.ndarray], size: int) -> Callable:
    """A function of encoded pictures str [b], names str [b] and boxes int64 [b, 4] to pictures
    uint8 [b, size, size, 3].

    Args:
        picture: makes one of those of encoded picture, name and box; where the encoded picture is
            empty, it is left black.
        size: side of the pictures.
    """

    def load_all(encoded: np.ndarray, names: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        batch = _aligned((len(names), size, size, 3))

        def load_some(first: int) -> None:
            for row in range(first, len(names), WORKERS):
                one = encoded[row]
                batch[row] = picture(one, names[row], boxes[row]) if one else 0

        list(THREADS.map(load_some, range(min(WORKERS, len(names)))))
        return batch

    def load(encoded: tf.Tensor, names: tf.Tensor, boxes: tf.Tensor) -> tf.Tensor:
        loaded = tf.numpy_function(load_all, [encoded, names, boxes], tf.uint8, stateful=False)
        return tf.ensure_shape(loaded, (names.shape[0], size, size, 3))

    return load


def _rows(batch_size: int, part: tuple[int, int]) -> Callable:
    """A function of a data set of batches to the same with one part of each batch's rows."""
    number, count = part
    if count == 1:
        return lambda batches: batches
    length = batch_size // count
    rows = slice(number * length, (number + 1) * length)
    return lambda batches: batches.map(
        lambda *batch: tf.nest.map_structure(lambda each: each[rows], batch)
    )


def _copied(
    images: Sequence[str], targets: Sequence[int], copies: Sequence[int]
) -> tuple[list[str], list[int]]:
    """Images and targets, followed by those of second and further copies, whose names end in
    their number so that they have random numbers of their own."""
    rows = [(row, n) for row, count in enumerate(copies) for n in range(1, count)]
    keys = [*images, *(f"{images[row]}\0{n}" for row, n in rows)]
    return keys, [*targets, *(targets[row] for row, _ in rows)]


def _repeated(example: tuple, count: tf.Tensor) -> tf.data.Dataset:
    """As many copies of an example, named as in `_copied`."""
    encoded, name, box = example

    def copy(number: tf.Tensor) -> tuple:
        numbered = tf.strings.join([name, "\0", tf.strings.as_string(number)])
        return encoded, tf.where(number > 0, numbered, name), box

    return tf.data.Dataset.range(count).map(copy)


def _mixer(settings: Settings, seed: int, epoch: int) -> Callable:
    return partial(
        mixup,
        probability=settings.mixup_p,
        alpha=settings.mixup_alpha,
        seed=seed,
        epoch=epoch,
    )


def _mixed(
    mix: Callable, pictures: tf.Tensor, names: tf.Tensor, targets: tf.Tensor
) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
    """Mixed pictures; the targets, those of the pictures mixed in, and the first ones' shares."""
    mixed, shares = tf.numpy_function(mix, [pictures, names], (tf.uint8, tf.float32))
    mixed, shares = tf.ensure_shape(mixed, pictures.shape), tf.ensure_shape(shares, names.shape)
    return mixed, (targets, tf.roll(targets, -1, axis=0), shares)


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """An uninitialised uint8 array that TensorFlow takes over without copying it."""
    length = int(np.prod(shape))
    memory = np.empty(length + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + length].reshape(shape)


def _options() -> tf.data.Options:
    """No autotuning: its thread sleeps ever longer, and the end of an epoch may have to wait for it
    to wake up, for 34 seconds after one of 48."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return options


def _files(folder: Path, manifest: dict, splits: Sequence[str]) -> list[str]:
    return [str(folder / shard.file) for shard in manifest["shards"] if shard.split in splits]


def _serialized(files: Sequence[str], at_a_time: int) -> tf.data.Dataset:
    """The serialized examples of files, compressed or not, read from so many files in turn."""
    kinds = [compression(Path(file)) for file in files]
    named = tf.constant(files, tf.string), tf.constant(kinds, tf.string)
    return tf.data.Dataset.from_tensor_slices(named).interleave(
        tf.data.TFRecordDataset, cycle_length=at_a_time
    )


def _set_global_seed(seed: int) -> None:
    """Set TensorFlow's global seed where it is another: setting it drops every compiled function's
    kernels, and a training step's take five seconds to be made again."""
    if tf.compat.v1.get_seed(0)[0] != seed:
        tf.random.set_seed(seed)


def _examples_of(size: int, folder: Path, manifest: dict, splits: Sequence[str]) -> int:
    """How many of the splits' examples make up so many bytes, at least one."""
    shards = [shard for shard in manifest["shards"] if shard.split in splits]
    total = sum((folder / shard.file).stat().st_size for shard in shards)
    return max(1, sum(shard.count for shard in shards) * size // max(total, 1))


def _lookup(images: Sequence[str]) -> tf.lookup.StaticHashTable:
    """Image name to its place in `images`, −1 for others."""
    places = np.arange(len(images), dtype=np.int64)
    places = np.append(places, -1)  # a table must have an entry; no image has the empty name
    names = tf.constant([*(image.encode("utf-8") for image in images), b""], tf.string)
    initializer = tf.lookup.KeyValueTensorInitializer(names, places)
    return tf.lookup.StaticHashTable(initializer, default_value=-1)
