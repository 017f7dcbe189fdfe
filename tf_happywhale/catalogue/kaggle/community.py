"""The community's Happywhale TFRecords as a data folder, just as they are.

Shards `{train,test}-{fold}-{count}.tfrec` of the original JPEGs with the features `image`,
`image_name`, `target`, `species` and perhaps `yolov5_box` and `detic_box` (int64 [4], x1 y1 x2 y2
of the stored pixels, −1 for none). `individual_ids.json` says who the targets are; a `train.csv`
beside them or in data.root says it too, and counts first. Files may be compressed (gzip, zlib).
`data.tfrecords_pattern` describes other names.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.kaggle.tfrecord_index import feature_names, read_features
from tf_happywhale.catalogue.photographs.checked_names import check_names
from tf_happywhale.catalogue.photographs.known_names import KnownNames
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.files import shown, write_csv
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError

SHARD = re.compile(
    r"(?:^|[-_])(?P<split>train|test)-0*(?P<fold>\d+)-(?P<count>\d+)\.tfrec(?:ords?)?$"
)
PLACES = {
    "split": "(?P<split>train|test)", "fold": r"(?P<fold>\d+)", "count": r"(?P<count>\d+)",
}  # fmt: skip
NO_FOLD = -1  # of a shard whose name does not say it
NEEDED = ("image", "image_name")  # features
INDIVIDUALS = "individual_ids.json"
COLUMNS = ["image", "split", "fold", "target", "species"]


@dataclass(frozen=True)
class CommunityShard:
    """A file, and what its name says."""

    path: Path
    split: str
    fold: int
    count: int


def find_shards(folder: Path, pattern: str | None = None) -> list[CommunityShard]:
    """The shards in a folder, train before test, by fold.

    Args:
        folder: where they are.
        pattern: how they are named, as `data.tfrecords_pattern`; None: `train-0-1024.tfrec`.

    Raises:
        InputError: there is none, or the pattern is not one.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: set data.tfrecords to one.")
    form = SHARD if pattern is None else _form(pattern)
    names = [path.name for path in shown(folder.iterdir()) if path.is_file()]
    found = []
    for name in names:
        if match := form.search(name):
            said = match.groupdict()
            fold = int(said["fold"]) if said.get("fold") else NO_FOLD
            path = (folder / name).resolve()
            found.append(CommunityShard(path, said["split"], fold, int(said["count"])))
    if not found:
        others = [name for name in names if "tfrec" in name.lower()] or names
        example = f" It has {others[0]!r}." if others else ""
        wanted = pattern or "train-0-1024.tfrec"
        raise InputError(
            f"{folder} holds no TFRecords named like {wanted}.{example} Say how they are named, "
            "such as data.tfrecords_pattern=whales_{split}_{fold}_{count}.tfrecord."
        )
    return sorted(found, key=lambda shard: (shard.split == "test", shard.fold, shard.path.name))


def _form(pattern: str) -> re.Pattern:
    """The regular expression of a `data.tfrecords_pattern`.

    Raises:
        InputError: it lacks {split} or {count}, or has one twice.
    """
    expression = re.escape(pattern).replace(r"\*", ".*")
    for name, form in PLACES.items():
        place = re.escape(f"{{{name}}}")
        count = expression.count(place)
        if count > 1 or (count == 0 and name != "fold"):
            raise InputError(
                f"data.tfrecords_pattern is {pattern!r}: give {{split}} and {{count}} once each, "
                "and {fold} at most once."
            )
        expression = expression.replace(place, form)
    return re.compile(f"^{expression}$")


def read_index(shards: list[CommunityShard], cache: Path) -> pd.DataFrame:
    """The examples of all shards in order, text columns image, split, fold, target, species.

    It is kept in the folder `cache`, for as long as no shard changes.

    Raises:
        InputError: an example lacks a feature, its name, target or species is not what it must be,
            or a shard has not as many examples as its name says.
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
                f"{shard.path} holds {len(rows) - before} examples and not the {shard.count} its "
                "name says: download it again, or correct its name."
            )
    table = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    for _, part in table.groupby("split"):
        check_names(part["image"], shards[0].path.parent)
    write_csv(file, table)
    return table


def _check_features(shard: Path) -> None:
    """Raise InputError, with the features that there are, where one that is needed is missing."""
    present = feature_names(shard)
    missing = [name for name in NEEDED if present and name not in present]
    if missing:
        raise InputError(
            f"The examples of {shard} lack the feature {' and '.join(missing)}; they have "
            f"{', '.join(present)[:200]}. Write them with image (an encoded picture) and "
            "image_name (text)."
        )


def read_individuals(folder: Path) -> dict[int, str]:
    """Who each target is, from `individual_ids.json`; empty if there is no such file. The file
    maps targets to ids, or ids to targets, or is a list of ids.

    Raises:
        InputError: the file is something else.
    """
    file = folder / INDIVIDUALS
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        if isinstance(content, list):
            pairs = list(enumerate(content))
        elif all(isinstance(value, str) for value in content.values()):
            pairs = [(int(target), identity) for target, identity in content.items()]
        else:
            pairs = [(target, identity) for identity, target in content.items()]
    except (ValueError, AttributeError):
        pairs = [(None, "")]
    individuals: dict[int, str] = {}
    for target, identity in pairs:
        if type(target) is not int or not isinstance(identity, str):
            raise InputError(
                f'{file} must hold a table such as {{"cadddb1636b9": 0}}, whose ids are text and '
                "whose targets are whole numbers."
            )
        if individuals.setdefault(target, identity) != identity:
            raise InputError(
                f"{file} gives the target {target} to {individuals[target][:80]!r} and to "
                f"{identity[:80]!r}: correct it."
            )
    return individuals


def catalogue_of(
    index: pd.DataFrame, individuals: dict[int, str], folder: Path, labels: pd.DataFrame | None
) -> pd.DataFrame:
    """The train images of an index as a catalogue: text columns image, species, individual_id.

    Args:
        index: from `read_index`.
        individuals: who the records' targets are.
        folder: of the records, for errors.
        labels: rows of a `train.csv`, which count before the records' own; None: there is none.

    Raises:
        InputError: the label of an image is neither in its record nor in `labels`.
    """
    train = index[index["split"] == "train"]
    known = {}
    if labels is not None:
        names = KnownNames(train["image"], f"in the TFRecords of {folder}")
        images = [names.find(image, "train.csv") or image for image in labels["image"]]
        check_names(images, folder / "train.csv")
        known = labels.assign(image=images).set_index("image").to_dict("index")
    rows = []
    for image, target, kind in zip(train["image"], train["target"], train["species"], strict=True):
        row = known.get(image)
        if row is not None:
            rows.append((image, row["species"], row["individual_id"]))
            continue
        who = individuals.get(int(target))
        if who is None:
            raise InputError(_unlabelled(image, target, individuals, folder, labels))
        rows.append((image, "" if kind == "-1" else f"species_{kind}", who))
    return pd.DataFrame(rows, columns=["image", "species", "individual_id"], dtype=object)


def _unlabelled(
    image: str,
    target: str,
    individuals: dict[int, str],
    folder: Path,
    labels: pd.DataFrame | None,
) -> str:
    """Why it is not known who is in an image, and what to do."""
    if target != "-1" and individuals:
        return f"Target {target} of the TFRecords is not in {folder / INDIVIDUALS}: add it."
    lacking = (
        f"The record of {image!r} has no target"
        if target == "-1"
        else f"There is no {folder / INDIVIDUALS}, which says who the targets are"
    )
    if labels is None:
        return (
            f"{lacking}: put train.csv (image,individual_id) beside the TFRecords, or set "
            "data.root to the folder that has it."
        )
    return (
        f"{lacking}, and train.csv does not list the image: its images are named like "
        f"{labels['image'].iloc[0]!r}."
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
