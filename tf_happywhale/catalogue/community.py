"""The community's Happywhale TFRecords as a data folder, just as they are.

Shards `{train,test}-{fold}-{count}.tfrec` of the original JPEGs with the features `image`,
`image_name`, `target`, `species` and perhaps `yolov5_box` and `detic_box` (int64 [4], x1 y1 x2 y2
of the stored pixels, −1 for none); who the targets are stands in `individual_ids.json`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.table import check_names, read_text_table
from tf_happywhale.catalogue.tfrecord_index import read_features
from tf_happywhale.errors import InputError
from tf_happywhale.files import digest, write_csv

SHARD = re.compile(r"(?:^|[-_])(train|test)-0*(\d+)-(\d+)\.tfrec(?:ords?)?$")
INDIVIDUALS = "individual_ids.json"
COLUMNS = ["image", "split", "fold", "target", "species"]


@dataclass(frozen=True)
class CommunityShard:
    """A file, and what its name says."""

    path: Path
    split: str
    fold: int
    count: int


def find_shards(folder: Path) -> list[CommunityShard]:
    """The shards in a folder, train before test, by fold.

    Raises:
        InputError: there is none.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: set data.tfrecords to one.")
    found = [
        CommunityShard(path.resolve(), match[1], int(match[2]), int(match[3]))
        for path in sorted(folder.iterdir())
        if (match := SHARD.search(path.name))
    ]
    if not found:
        raise InputError(f"{folder} holds no TFRecords named like train-0-1024.tfrec.")
    return sorted(found, key=lambda shard: (shard.split == "test", shard.fold, shard.path.name))


def read_index(shards: list[CommunityShard], cache: Path) -> pd.DataFrame:
    """The examples of all shards in order, text columns image, split, fold, target, species.

    It is kept in the folder `cache`, for as long as no shard changes.

    Raises:
        InputError: an example's name, target or species is not what it must be, or a shard has not
            as many examples as its name says.
    """
    stamps = [(str(s.path), s.path.stat().st_size, s.path.stat().st_mtime_ns) for s in shards]
    file = cache / f"community-{digest(stamps)[:12]}.csv"
    if file.is_file():
        return read_text_table(file, COLUMNS)
    rows = []
    for shard in shards:
        before = len(rows)
        for example in read_features(shard.path, ("image_name", "target", "species")):
            image = _name(example, shard.path)
            target, kind = (_number(example, key, shard.path) for key in ("target", "species"))
            rows.append((image, shard.split, str(shard.fold), str(target), str(kind)))
        if len(rows) - before != shard.count:
            raise InputError(
                f"{shard.path} holds {len(rows) - before} examples and not the {shard.count} its "
                "name says: download it again."
            )
    table = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    for _, part in table.groupby("split"):
        check_names(part["image"], shards[0].path.parent)
    write_csv(file, table)
    return table


def read_individuals(folder: Path) -> dict[int, str]:
    """Who each target is, from `individual_ids.json`: a table of either way round, or a list.

    Raises:
        InputError: the file is missing or something else.
    """
    file = folder / INDIVIDUALS
    if not file.is_file():
        raise InputError(f"There is no {file}, which says who the targets are: add it.")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(content, list):
            return {target: str(identity) for target, identity in enumerate(content)}
        if all(isinstance(value, str) for value in content.values()):
            return {int(target): identity for target, identity in content.items()}
        return {int(target): identity for identity, target in content.items()}
    except (ValueError, AttributeError, TypeError):
        raise InputError(f'{file} must hold a table such as {{"cadddb1636b9": 0}}.') from None


def catalogue_of(index: pd.DataFrame, individuals: dict[int, str], folder: Path) -> pd.DataFrame:
    """The train images of an index as a catalogue: text columns image, species, individual_id.

    Raises:
        InputError: a target is not among the individuals.
    """
    train = index[index["split"] == "train"]
    unknown = sorted(set(map(int, train["target"])) - set(individuals))
    if unknown:
        raise InputError(f"Target {unknown[0]} of the TFRecords is not in {folder / INDIVIDUALS}.")
    return pd.DataFrame(
        {
            "image": list(train["image"]),
            "species": ["" if kind == "-1" else f"species_{kind}" for kind in train["species"]],
            "individual_id": [individuals[int(target)] for target in train["target"]],
        },
        dtype=object,
    )


def _name(example: dict, shard: Path) -> str:
    name = example.get("image_name")
    try:
        return name.decode("utf-8")
    except AttributeError:
        raise InputError(f"{shard} has an example without a text feature image_name.") from None
    except UnicodeDecodeError:
        raise InputError(f"{shard}: the image_name {name!r} is not UTF-8.") from None


def _number(example: dict, key: str, shard: Path) -> int:
    """A feature of one integer, −1 where it is missing."""
    match example.get(key, [-1]):
        case [int(value)]:
            return value
    image = _name(example, shard)
    raise InputError(f"{shard}: the feature {key} of {image} must be one integer.")
