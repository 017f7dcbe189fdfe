"""The community's Happywhale TFRecords, found in a folder by their names.

Shards `{train,test}-{fold}-{count}.tfrec` hold the original JPEGs with the features `image`,
`image_name`, `target`, `species` and perhaps `yolov5_box` and `detic_box` (int64 [4], x1 y1 x2 y2
of the stored pixels, −1 for none). Files may be compressed (gzip, zlib). `data.tfrecords_pattern`
describes other names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.disk.files import shown
from tf_happywhale.errors import InputError

SHARD = re.compile(
    r"(?:^|[-_])(?P<split>train|test)-0*(?P<fold>\d+)-(?P<count>\d+)\.tfrec(?:ords?)?$"
)
PLACES = {
    "split": "(?P<split>train|test)", "fold": r"(?P<fold>\d+)", "count": r"(?P<count>\d+)",
}  # fmt: skip
NO_FOLD = -1  # of a shard with a name that does not say it


@dataclass(frozen=True)
class CommunityShard:
    """A file and what its name says: the split, the fold and the number of examples."""

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
        InputError: there is none, or the pattern is wrong.
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
            f"{folder} holds no TFRecords named like {wanted}.{example} Set data.tfrecords_pattern "
            "to their names, such as whales_{split}_{fold}_{count}.tfrecord."
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
