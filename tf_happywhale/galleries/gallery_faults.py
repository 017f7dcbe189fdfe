"""What is wrong with a gallery, its pictures and its catalogue, and what to do about it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.photographs.disk_names import names_on_disk
from tf_happywhale.catalogue.photographs.known_names import KnownNames
from tf_happywhale.catalogue.photographs.photo_files import list_images
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Data
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.disk.os_errors import in_words
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.catalogue_boxes import BOXES_FILE, boxed_images
from tf_happywhale.galleries.gallery_folder import HEAD, Gallery, is_gallery, open_gallery
from tf_happywhale.galleries.index_head import index_faults
from tf_happywhale.galleries.kept_matching import matching_faults
from tf_happywhale.galleries.numbered_files import numbered
from tf_happywhale.retrieval.embeddings import Embeddings

NAMED = 20  # sentences of one kind


def verify(folder: Path, data: Data) -> None:
    """Print the faults of a gallery and its catalogue; args: see `find_faults`.

    Raises:
        InputError: there are faults, or the folder is neither gallery nor catalogue.
    """
    found, images = find_faults(folder, data)
    for sentence in found:
        print(sentence)
    if found:
        count = "1 fault" if len(found) == 1 else f"{len(found)} faults"
        raise InputError(f"{folder} has {count}, listed above.")
    print(f"{folder}: {images} images, nothing wrong")


def find_faults(folder: Path, data: Data) -> tuple[list[str], int]:
    """Return a sentence for each fault of a gallery and its catalogue, or of a catalogue folder
    alone; and how many images were looked at.

    Args:
        folder: a gallery or a catalogue folder.
        data: how the catalogue's files are named and read.

    Raises:
        InputError: it is neither, or cannot be opened at all.
    """
    if not is_gallery(folder) and (folder / data.catalogue).is_file():
        found, rows = _catalogue(folder, data)
        return found, len(rows)
    found, gallery = damaged_files(folder), open_gallery(folder)
    images, root = gallery.images(), gallery.catalogue
    root = root and Path(os.path.realpath(root))  # without the `..` of a gallery's own path
    found += [*_some(_pictures(images)), *_some(_twice(images))]
    if root is not None and not (root / data.catalogue).is_file():
        found.append(
            f"There is no catalogue {root / data.catalogue}, from which the gallery was built: "
            f"bring it back, or correct `catalogue` in {folder / HEAD}."
        )
    elif root is not None:
        of_catalogue, rows = _catalogue(root, data)
        found += [*of_catalogue, *_disagreeing(gallery, rows, root / data.catalogue)]
    return found, len(images)


def damaged_files(folder: Path) -> list[str]:
    """Return a sentence for each fault of a gallery's own files; the pictures are not looked at.

    Raises:
        InputError: the gallery cannot be opened at all.
    """
    gallery = open_gallery(folder)
    found = []
    for file in numbered(gallery.folder, "part", ".npz"):
        with zipfile.ZipFile(file) as archive:
            broken = archive.testzip()
        if broken:
            found.append(f"{file.name} is damaged ({broken}): bring it back from a copy.")
    seen: set[str] = set()
    for image in gallery.image.tolist():
        if image in seen:
            found.append(f"The image {image} is there twice: remove it and add it again.")
        seen.add(image)
    return [*found, *matching_faults(gallery.folder), *index_faults(gallery.folder)]


def _pictures(images: Embeddings) -> Iterator[str]:
    columns = [images.column(name).tolist() for name in ("picture", "content")]
    for name, picture, content in zip(images.image.tolist(), *columns, strict=True):
        if not picture:
            continue
        try:
            there = sha256(Path(picture))
        except FileNotFoundError:
            yield (
                f"The picture of {name} is not in {os.path.realpath(picture)}: bring it back from "
                "a copy, or `gallery drop` the image."
            )
            continue
        except OSError as error:
            yield f"The picture of {name} cannot be compared: {in_words(error, picture)}"
            continue
        if content and there != content:
            yield (
                f"The picture of {name} is not the one that was embedded: bring that one back from "
                "a copy, or `gallery drop` the image and add it again."
            )


def _twice(images: Embeddings) -> Iterator[str]:
    """Yield a sentence for each image that is the same box of the same photograph as another."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    columns = [images.column(name).tolist() for name in ("content", "box")]
    pairs = zip(images.image.tolist(), images.individual_id.tolist(), strict=True)
    for (name, who), content, box in zip(pairs, *columns, strict=True):
        other, its = first.setdefault((content, box), (name, who))
        if content and other != name:
            remedy = "" if its == who else ", or if both are in it, give each its box in boxes.csv"
            yield (
                f"{other} ({its}) and {name} ({who}) are one photograph with one box: "
                f"`gallery drop` one{remedy}."
            )


def _catalogue(root: Path, data: Data) -> tuple[list[str], pd.DataFrame]:
    """Return the faults of a catalogue's files, and its rows; no rows if they cannot be read."""
    path, folder, reading = root / data.catalogue, root / data.train_images, reading_of(data)
    try:
        rows = read_catalogue(path, reading, folder, must_be_there=False)
        written = read_text_table(path, ("image",), reading)["image"]  # with data.unknown's rows
        listed = set(map(photograph_of, names_on_disk(written, folder, path, must_be_there=False)))
        listed |= set(map(photograph_of, rows["image"]))
        pictures = list_images(folder)
        boxed = list(dict.fromkeys(map(photograph_of, boxed_images(root, reading))))
    except InputError as error:
        return [str(error)], pd.DataFrame(columns=["image", "individual_id"])
    there, tests = set(pictures), root / data.test_images
    missing = (
        f"{path} lists {name}, but there is no such picture in {folder}: bring it back from a "
        "copy, or remove the row."
        for name in dict.fromkeys(map(photograph_of, rows["image"]))
        if name not in there and not (folder / name).is_file()
    )
    unlisted = (
        f"{path} does not list {name}, which is in {folder}: if a `gallery add` was stopped, run "
        "it again; if not, add its row, or move the picture away."
        for name in pictures
        if name not in listed
    )
    known = KnownNames([*pictures, *(list_images(tests) if tests.is_dir() else [])], f"in {folder}")
    found = [*_some(missing), *_some(unlisted), *_some(_boxes(boxed, known, root / BOXES_FILE))]
    return found, rows


def _boxes(boxed: Iterable[str], known: KnownNames, path: Path) -> Iterator[str]:
    for name in boxed:
        try:
            there = known.find(name, str(path)) is not None
        except InputError as error:
            yield str(error)
        else:
            if not there:
                yield (
                    f"{path} has a box of {name}, but there is no such picture: bring it back from "
                    "a copy, or remove the row."
                )


def _disagreeing(gallery: Gallery, rows: pd.DataFrame, path: Path) -> list[str]:
    """Return a sentence for each image about which gallery and catalogue disagree."""
    if rows.empty:
        return []
    mine = dict(zip(gallery.image.tolist(), gallery.individual_id.tolist(), strict=True))
    theirs = dict(zip(rows["image"], rows["individual_id"], strict=True))
    apart: dict[tuple[str, str], list[str]] = {}
    for image, who in mine.items():
        if theirs.get(image, who) != who:
            apart.setdefault((who, theirs[image]), []).append(image)
    different = (
        f"The gallery has {_images(images)} as {who}, but {path} as {other}: correct it where it "
        f"is wrong, the table by hand or the gallery by `gallery move` or `gallery merge`."
        for (who, other), images in apart.items()
    )
    lacking = (
        f"The gallery has {image} as {who}, but {path} has no row of it: add the row, or "
        "`gallery drop` the image."
        for image, who in mine.items()
        if image not in theirs
    )
    left_out = (
        f"{path} lists {image} as {who}, but the gallery lacks it: run `gallery add` again if it "
        "was stopped, remove the row if the image was dropped, or build the gallery again."
        for image, who in theirs.items()
        if image not in mine
    )
    return [*_some(different), *_some(lacking), *_some(left_out)]


def _images(images: Sequence[str]) -> str:
    return images[0] if len(images) == 1 else f"{len(images)} images, such as {images[0]},"


def _some(sentences: Iterable[str]) -> list[str]:
    """Return the first sentences, and one that counts the others."""
    all_of_them = list(sentences)
    more = len(all_of_them) - NAMED
    return all_of_them if more <= 0 else [*all_of_them[:NAMED], f"{more} more are like that."]
