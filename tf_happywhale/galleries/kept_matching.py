"""Points and pairs that a gallery keeps: brought to it with new images, and checked."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import Gallery
from tf_happywhale.galleries.pair_store import PAIRS, PairStore, copy_pairs
from tf_happywhale.galleries.point_store import POINTS, PointStore, copy_points, point_key


def bring_matching(home: Path, gallery: Gallery) -> None:
    """Copy what is known about a gallery's images to the gallery, which lacks it if they have just
    been added.

    Args:
        home: the folder in which embeddings are kept, and what was found about photographs.
        gallery: that has the images.
    """
    images = gallery.images()
    columns = [images.column(name).tolist() for name in ("content", "box")]
    keys = [point_key(*crop) for crop in zip(*columns, strict=True)]
    for folder in _folders(home, POINTS):
        target = gallery.folder / POINTS / folder.name
        copy_points(keys, PointStore(folder), PointStore(target))
    for folder in _folders(home, PAIRS):
        copy_pairs(keys, PairStore(folder), PairStore(gallery.folder / PAIRS / folder.name))


def matching_faults(folder: Path) -> Iterator[str]:
    """Yield a sentence for each fault of a gallery's points and pairs."""
    for kind, store in ((POINTS, PointStore), (PAIRS, PairStore)):
        for home in _folders(folder, kind):
            try:
                for file in store(home).files.files():
                    with zipfile.ZipFile(file) as archive:
                        broken = archive.testzip()
                    if broken:
                        yield (
                            f"{file} is damaged ({broken}): remove its folder, whose content is "
                            "then computed again."
                        )
            except InputError as error:
                yield str(error)


def kept_pairs(folder: Path) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """Yield the keys of two pictures and the features of the pair, for every pair that a gallery
    keeps. Pairs that were matched in other ways follow one another.

    Args:
        folder: the gallery's.
    """
    for home in _folders(folder, PAIRS):
        for (one, other), features in PairStore(home).known.items():
            yield (one.decode(), other.decode()), features


def _folders(home: Path, kind: str) -> list[Path]:
    """Return the folders of one kind, one for each way in which it was made."""
    return sorted(folder for folder in (home / kind).glob("[!.]*") if folder.is_dir())
