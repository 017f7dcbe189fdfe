"""Labels of records, compared with the catalogue's. The catalogue's labels count."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tf_happywhale.catalogue.kaggle.tfrecord_index import read_features
from tf_happywhale.messages import say_once
from tf_happywhale.records.manifest import is_complete, read_manifest


def differing_labels(folder: Path, labels: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return the images whose record names another individual than the catalogue does.

    Args:
        folder: the records folder.
        labels: the individual in each of the catalogue's images.

    Returns:
        For each its name, the record's individual_id, and the catalogue's; none where the folder
        is unfinished.

    Raises:
        InputError: a shard is damaged.
    """
    if not is_complete(folder):
        return []
    manifest = read_manifest(folder)
    individuals = manifest["individuals"]
    differing = []
    for shard in manifest["shards"]:
        if shard.split != "train":
            continue
        for example in read_features(folder / shard.file, ("image_name", "target")):
            image, (target,) = example["image_name"].decode("utf-8"), example.get("target", [-1])
            record = individuals[target] if 0 <= target < len(individuals) else ""
            if record and image in labels and record != labels[image]:
                differing.append((image, record, labels[image]))
    return differing


def report_differing(folder: Path, labels: Mapping[str, str]) -> None:
    """Print one line, once, if records and catalogue name different individuals in some images. All
    records are read for it."""
    differing = differing_labels(folder, labels)
    if differing:
        image, record, catalogue = differing[0]
        say_once(
            f"labels: {len(differing)} images are other individuals in the catalogue than in the "
            f"TFRecords ({image} is {catalogue}, not {record}, and so on); the catalogue counts"
        )
