"""The examples of the community's TFRecords, read without their pictures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.kaggle.community_shards import CommunityShard
from tf_happywhale.catalogue.kaggle.tfrecord_index import feature_names, read_features
from tf_happywhale.catalogue.photographs.checked_names import check_names
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.files import write_csv
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError

NEEDED = ("image", "image_name")  # features
COLUMNS = ["image", "split", "fold", "target", "species"]


def read_index(shards: list[CommunityShard], cache: Path) -> pd.DataFrame:
    """The examples of all shards in order, text columns image, split, fold, target, species.

    The table is kept in the folder `cache` until a shard changes.

    Raises:
        InputError: an example lacks a feature, its name, target or species is wrong, or the number
            of examples in a shard is not the one in its name.
    """
    states = [(shard, shard.path.stat()) for shard in shards]
    stamps = [(str(s), state.st_size, state.st_mtime_ns) for s, state in states]
    file = cache / f"community-{digest(stamps)[:12]}.csv"
    if file.is_file():
        return read_text_table(file, COLUMNS)
    rows = []
    for shard in shards:
        _check_features(shard.path)
        before = len(rows)
        for example in read_features(shard.path, ("image_name", "target", "species")):
            image = _name(example, shard.path)
            target, kind = (_number(example, key, shard.path) for key in ("target", "species"))
            rows.append((image, shard.split, str(shard.fold), str(target), str(kind)))
        if len(rows) - before != shard.count:
            raise InputError(
                f"{shard.path} holds {len(rows) - before} examples, but its name says "
                f"{shard.count}: download it again, or correct its name."
            )
    table = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    for _, part in table.groupby("split"):
        check_names(part["image"], shards[0].path.parent)
    write_csv(file, table)
    return table


def _check_features(shard: Path) -> None:
    """Raise InputError, with the features that there are, if a needed one is missing."""
    present = feature_names(shard)
    missing = [name for name in NEEDED if present and name not in present]
    if missing:
        raise InputError(
            f"The examples of {shard} lack the feature {' and '.join(missing)}; they have "
            f"{', '.join(present)[:200]}. Write them with image (an encoded picture) and "
            "image_name (text)."
        )


def _name(example: dict, shard: Path) -> str:
    name = example.get("image_name")
    try:
        return name.decode("utf-8")
    except AttributeError:
        raise InputError(
            f"{shard} has an example without the text feature image_name: write it again."
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            f"{shard}: the image_name {name!r} is not UTF-8: write it again."
        ) from None


def _number(example: dict, key: str, shard: Path) -> int:
    """A feature of one integer, −1 where it is missing."""
    match example.get(key, [-1]):
        case [int(value)]:
            return value
    image = _name(example, shard)
    raise InputError(f"{shard}: the feature {key} of {image} must be one integer: write it again.")
