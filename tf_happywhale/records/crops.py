"""Crops of an example: which one is taken, and how it is decoded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.jpeg_region import read_crops
from tf_happywhale.pictures.pixels import decode, largest_reduction
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.records.example import parse_community, parse_crops
from tf_happywhale.records.manifest import COMMUNITY

Place = Callable[[tf.Tensor], tf.Tensor | int]
BUCKETS = 2**30


def drawn_crop(sources: Sequence[str], shares: Mapping[str, float], seed: int, epoch: int) -> Place:
    """Return a function of an image's name that draws the place among `sources` of the crop to
    take.

    The draw is a function of (seed, epoch, image).

    Raises:
        InputError: `shares` names a source that the records lack.
    """
    if not shares:
        return lambda name: 0
    for source in shares:
        fixed_crop(sources, source)
    ends = np.cumsum([shares.get(source, 0.0) for source in sources])
    ends /= ends[-1]

    def place(name: tf.Tensor) -> tf.Tensor:
        text = tf.strings.join([f"{seed} {epoch} ", name])
        drawn = tf.cast(tf.strings.to_hash_bucket_fast(text, BUCKETS), tf.float64) / BUCKETS
        return tf.searchsorted(ends, [drawn], side="right")[0]

    return place


def fixed_crop(sources: Sequence[str], source: str | None) -> Place:
    """Return a function as `drawn_crop` does, which always takes one source; None: the primary.

    Raises:
        InputError: the records lack it.
    """
    if source is not None and source not in sources:
        raise InputError(
            f"The TFRecords hold no crops of source {source!r} (they have: {', '.join(sources)}): "
            "add it to records.more_sources and write them again."
        )
    chosen = 0 if source is None else list(sources).index(source)
    return lambda name: chosen


def example_parser(manifest: dict, place: Place) -> Callable:
    """Return a function of a serialized example to encoded picture str, name str and box int64 [4].

    A crop that the example lacks is the primary. A box below 0 is none.
    """
    if manifest["schema"] == COMMUNITY:
        return partial(parse_community, source=manifest["sources"][0])
    further = manifest["sources"][1:]

    def parse(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        crops, name = parse_crops(serialized, further)
        chosen = crops[place(name)]
        none = tf.constant([-1] * 4, tf.int64)
        return tf.where(tf.equal(chosen, ""), crops[0], chosen), name, none

    return parse


def crop_decoder(
    manifest: dict, size: int, *, exact: bool = False
) -> Callable[[bytes, bytes, np.ndarray], np.ndarray]:
    """Return a function of encoded picture, name and box to a crop uint8 RGB [h, w, 3].

    Stored crops are decoded at a half, a quarter or an eighth if that is still `size`; with `exact`
    they are made [size, size, 3]. A community's photograph is cropped as a writer would.
    """
    if manifest["schema"] == COMMUNITY:

        def decode_photograph(encoded: bytes, name: bytes, box: np.ndarray) -> np.ndarray:
            found = Box(*box.tolist()) if box[0] >= 0 else None
            text = name.decode("utf-8", "replace")
            side = size if exact else manifest["size"]
            return read_crops(encoded, [found], side, text, boxes_upright=False)[0]

        return decode_photograph
    step = largest_reduction(manifest["size"], size)

    def decode_crop(encoded: bytes, name: bytes, _: np.ndarray) -> np.ndarray:
        picture = decode(encoded, name.decode("utf-8", "replace"), step)
        return resize(picture, size) if exact else picture

    return decode_crop
