"""Photographs to TFRecords: upright, cropped, squashed to a square, in shards by fold."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf
from tqdm import tqdm

from tf_happywhale.files import atomic_write, sha256
from tf_happywhale.records.folder import MARKER, Shard, finish, is_complete
from tf_happywhale.records.photograph import Photograph, Pixels
from tf_happywhale.records.pictures import crop, encode_jpeg, read_picture, resize
from tf_happywhale.records.plan import Plan
from tf_happywhale.records.schema import VERSION, make_example, shard_name


def write_records(plan: Plan, *, shard_images: int, made_by: dict) -> bool:
    """Write all shards, the manifest and the marker; False where they are there already.

    Args:
        plan: what to write, how, and where; each fold is dealt out to its shards in turn.
        shard_images: largest number of images in a shard.
        made_by: the config that asked for it, kept in the manifest.

    Raises:
        InputError: a photograph cannot be read.
    """
    folder, pixels = plan.folder, plan.pixels
    if is_complete(folder):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).unlink(missing_ok=True)  # until all is written again, nobody reads this
    groups: dict[tuple[str, int], list[Photograph]] = defaultdict(list)
    for photograph in plan.photographs:
        groups[photograph.split, photograph.fold].append(photograph)
    shards = []
    with (
        tqdm(total=len(plan.photographs), desc="writing TFRecords", unit="img") as progress,
        ThreadPoolExecutor(os.cpu_count()) as workers,
    ):
        for (split, fold), group in sorted(groups.items()):
            parts = -(-len(group) // shard_images)
            for part in range(parts):
                members = group[part::parts]
                name = shard_name(plan.dataset, split, fold, part, len(members))
                with (
                    atomic_write(folder / name) as temporary,
                    tf.io.TFRecordWriter(str(temporary)) as writer,
                ):
                    for example in workers.map(lambda p: _example(p, pixels), members):
                        writer.write(example)
                        progress.update()
                shards.append(Shard(name, split, fold, len(members), sha256(folder / name)))
    description = {
        "schema": VERSION,
        "dataset": plan.dataset,
        "size": pixels.size,
        "quality": pixels.quality,
        "source": pixels.source,
        "made_by": made_by,
    }
    finish(folder, description, shards)
    return True


def _example(photograph: Photograph, pixels: Pixels) -> bytes:
    picture = resize(crop(read_picture(photograph.path), photograph.box), pixels.size)
    jpeg = encode_jpeg(picture, pixels.quality)
    return make_example(photograph.image, jpeg, photograph.target, photograph.species)
