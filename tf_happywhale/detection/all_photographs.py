"""All photographs of a data folder, whoever is in them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tf_happywhale.catalogue.photographs.photo_files import list_photographs, skipped_lines
from tf_happywhale.config import Experiment
from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.hashes import ContentHashes
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once
from tf_happywhale.places import data_root, output_folder


def find_photographs(experiment: Experiment) -> dict[str, Path]:
    """Path by name, those of the catalogue first; no catalogue is needed.

    Raises:
        InputError: there are none, or two have the same name.
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
                    f"{image} is in {root / data.train_images} and in {folder}, so that its box "
                    "could be of either: rename one of them."
                )
            found[image] = folder / image
    if not found:
        raise InputError(
            f"There are no photographs in {root / data.train_images} or "
            f"{root / data.test_images}: correct data.root, or data.train_images (. for "
            "data.root itself)."
        )
    return found


def hash_contents(experiment: Experiment, photographs: Mapping[str, Path]) -> dict[str, str]:
    """The hash of each photograph's bytes, by name; `missing` where it cannot be opened."""
    hashes = ContentHashes(output_folder(experiment) / ".stages" / "content.json")
    with ThreadPoolExecutor(usable_cores()) as workers:
        contents = list(workers.map(hashes, photographs.values()))
    hashes.save()
    return dict(zip(photographs, contents, strict=True))
