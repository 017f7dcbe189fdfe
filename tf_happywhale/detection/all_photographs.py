"""All photographs of a data folder; no table of individuals is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tf_happywhale.catalogue.photographs.photo_files import list_photographs, skipped_lines
from tf_happywhale.config import Experiment
from tf_happywhale.disk.hashes import ContentHashes
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once
from tf_happywhale.places import data_root, output_folder


def find_photographs(experiment: Experiment) -> dict[str, Path]:
    """Return the photographs' paths by name, those of `data.train_images` first.

    Raises:
        InputError: there are no photographs, or two have the same name.
    """
    root, data = data_root(experiment), experiment.data
    found: dict[str, Path] = {}
    for name in dict.fromkeys((data.train_images, data.test_images)):
        folder = root / name
        if not folder.is_dir():
            continue
        listing = list_photographs(folder)
        for line in skipped_lines(listing):
            say_once(line)
        for image in listing.images:
            if image in found:
                raise InputError(
                    f"{image} is in {root / data.train_images} and in {folder}, so its box "
                    "could belong to either: rename one of them."
                )
            found[image] = folder / image
    if not found:
        raise InputError(
            f"There are no photographs in {root / data.train_images} or "
            f"{root / data.test_images}: correct data.root or data.train_images (. is "
            "data.root itself)."
        )
    return found


def hash_contents(experiment: Experiment, photographs: Mapping[str, Path]) -> dict[str, str]:
    """Return the hash of each photograph's bytes, by name; `missing` if it cannot be opened."""
    hashes = ContentHashes(output_folder(experiment) / ".stages" / "content.json")
    found = hashes.of(photographs.values(), "looking at photographs")
    hashes.save()
    return {name: content for name, (content, _) in zip(photographs, found, strict=True)}
