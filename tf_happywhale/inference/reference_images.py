"""Photographs, of a catalogue or to be identified, as shots; and the gallery a name stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import animal_key, count_animals, photograph_of
from tf_happywhale.catalogue.boxes.animal_boxes import Telling, pair_sources
from tf_happywhale.catalogue.boxes.box import WHOLE
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, check_boxes_of_animals
from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_in_folder
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.photographs.same_picture import same_pictures
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.catalogue.tables.table import tables_in
from tf_happywhale.config import Data
from tf_happywhale.cores import usable_cores
from tf_happywhale.detection.detector import Detector
from tf_happywhale.disk.hashes import MISSING, ContentHashes
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import is_gallery, open_gallery
from tf_happywhale.inference.identifier import Identifier
from tf_happywhale.inference.shots import Shot
from tf_happywhale.pictures.box_fit import misfits
from tf_happywhale.places import data_root
from tf_happywhale.retrieval.embeddings import Embeddings

COLUMNS = ("species", "encounter", "date", "viewpoint")  # of a catalogue, kept in a gallery
CONTENT = "content.json"


def load_gallery(
    path: Path, identifier: Identifier, data: Data, detector: Detector | None = None
) -> tuple[Embeddings, dict[str, str]]:
    """The embedded gallery in a folder: a saved one, or a catalogue's, whose rest is embedded now,
    with the detector's boxes where its table has none; and why some of its images could not be
    read, by image.

    Raises:
        InputError: there is neither, or it was embedded by another model.
    """
    path = Path(path).expanduser()
    if is_gallery(path):
        gallery = open_gallery(path)
        gallery.check(_nothing(identifier))
        if not len(gallery):
            raise InputError(f"The gallery {path} is empty: add images to it.")
        return gallery.images(), {}
    return embed_catalogue(path, identifier, data, detector)


def embed_catalogue(
    root: Path, identifier: Identifier, data: Data, detector: Detector | None = None
) -> tuple[Embeddings, dict[str, str]]:
    """A catalogue folder's images, with the detector's boxes where its table has none, and why some
    of them could not be read, by image.

    Raises:
        InputError: there is no catalogue, or none of its images can be read.
    """
    table = root / data.catalogue
    if not table.is_file():
        tables = ", ".join(tables_in(root))[:80]
        there = f", or one of its tables ({tables}) with data.catalogue" if tables else ""
        raise InputError(
            f"{root} is neither a gallery (it has no gallery.json) nor a catalogue folder (no "
            f"{data.catalogue}): name one of those{there}."
        )
    folder = root / data.train_images
    catalogue = read_catalogue(table, reading_of(data), folder)
    images = list(catalogue["image"])
    boxes = {
        source: {image: [row] for image, row in rows.items()}
        for source, rows in catalogue_boxes(root, data, identifier, images, detector).items()
    }
    if set(identifier.sources) != {WHOLE}:
        check_boxes_of_animals(images, set().union(*boxes.values()), "the table of boxes")
    shots = make_shots(
        images,
        [folder / photograph_of(image) for image in images],
        boxes,
        identifier.home,
        detector,
        "gallery",
    )
    for sentence in [*boxed(shots, identifier, "of the gallery's images"), *unfit(shots)]:
        print(sentence)
    owners = list(catalogue["individual_id"])
    for sentence in same_pictures(images, owners, list(map(_picture, shots))):
        print(sentence)
    embedded, failed = identifier.embed(shots, owners, "gallery")
    if not len(embedded):
        raise InputError(f"No image of {table} can be read: {min(failed.values())}")
    for sentence in damaged(embedded):
        print(sentence)
    return with_columns(embedded, catalogue), failed


def damaged(images: Embeddings) -> list[str]:
    """A sentence for each image that is damaged, as its decoder says."""
    pairs = zip(images.image.tolist(), images.column("damage").tolist(), strict=True)
    return [f"{image}: {damage}" for image, damage in pairs if damage]


def with_columns(embedded: Embeddings, table: pd.DataFrame) -> Embeddings:
    """Embeddings with what a table says of their images, by image name."""
    known = table.set_index("image")
    columns = {
        name: known[name].reindex(embedded.image).fillna("").to_numpy(dtype=np.str_)
        for name in COLUMNS
        if name in known.columns
    }
    return replace(embedded, columns=embedded.columns | columns)


def catalogue_boxes(
    root: Path, data: Data, identifier: Identifier, images: Sequence[str], detector: Detector | None
) -> dict[str, dict[str, BoxRow]]:
    """The boxes of a catalogue's images, by source and image: of its `boxes.csv`, or of the tables
    in `data.boxes` where they are meant for it - it is the catalogue that the model was trained on,
    or they lie in its folder.
    """
    own = root.resolve() == data_root(identifier.models[0].experiment).resolve()
    sources = [*identifier.sources, *identifier.stand_ins]
    required = () if detector else identifier.sources
    folder = root / data.train_images
    photographs = {image: folder / photograph_of(image) for image in images}
    found = {}
    for source in sources:
        given = data.boxes.get(source) if isinstance(data.boxes, dict) else data.boxes
        table = root / given if given else None
        inside = bool(given) and not Path(given).is_absolute() and table.exists()
        file = str(table) if table and (own or inside) else None
        found |= boxes_in_folder(
            root,
            file,
            photographs,
            WantedBoxes([source], required, reading_of(data)),
            folders=[folder, root / data.test_images],
        )
    return found


def boxed(shots: Sequence[Shot], identifier: Identifier, what: str) -> list[str]:
    """A sentence for each source that the models want, with how many photographs have such a box;
    and one on photographs that show several animals."""
    animals = count_animals(shot.image for shot in shots)
    sentences = []
    for source in identifier.sources:
        if source != WHOLE:
            count = len({photograph_of(shot.image) for shot in shots if source in shot.boxes})
            sentences.append(f"{count} of {len(animals)} {what} have a box of source {source}")
    several = [count for count in animals.values() if count > 1]
    if several:
        sentences.append(
            f"{len(several)} of {len(animals)} {what} show several animals, {sum(several)} in all: "
            "each is looked at for itself"
        )
    return sentences


def unfit(shots: Sequence[Shot]) -> list[str]:
    """A sentence for each way in which boxes do not fit their pictures."""
    return misfits((shot.image, shot.path, box) for shot in shots for box in shot.boxes.values())


def make_shots(
    images: Sequence[str],
    paths: Sequence[Path],
    boxes: Mapping[str, Mapping[str, list[BoxRow]]],
    home: Path,
    detector: Detector | None = None,
    label: str = "photographs",
    telling: Telling | None = None,
) -> list[Shot]:
    """Images as shots; their contents are hashed, unless size and time say that they are known.

    Args:
        images: keys of animals in photographs; with `telling` names of photographs, each of whose
            animals makes a shot.
        paths: where each is.
        boxes: rows of each image by source, the primary first, and image.
        home: where the hashes are kept.
        detector: draws the boxes that are lacking; None: nobody does.
        label: what the images are, in words.
        telling: how several animals of a photograph are told apart; None: an image is one shot.
    """
    hashes = ContentHashes(home / CONTENT)
    with ThreadPoolExecutor(usable_cores()) as workers:
        contents = list(workers.map(hashes, paths))
    hashes.save()
    if detector:
        boxes = detector.fill_missing(boxes, images, paths, contents, label, telling)
    primary = next(iter(boxes), None)
    shots = []
    for image, path, content in zip(images, paths, contents, strict=True):
        found = {source: rows[image] for source, rows in boxes.items() if image in rows}
        if telling is None:
            animals = {image: {source: rows[0] for source, rows in found.items()}}
        else:
            animals = {animal_key(image, n): rows for n, rows in pair_sources(found)}
        for key, rows in animals.items():
            drawn = {source: row.box for source, row in rows.items() if row.box}
            shots.append(Shot(key, path, content, drawn, _confidence(rows.get(primary))))
    return shots


def _picture(shot: Shot) -> tuple[str, str]:
    """What a shot's crops are made from; a missing file is equal to no other."""
    return (shot.image if shot.content == MISSING else shot.content), str(shot.boxes)


def _confidence(row: BoxRow | None) -> float:
    """The detector's: NaN where a person drew the box or nobody knows, 0 if it found none."""
    if row is None or row.manual:
        return math.nan
    return row.confidence or (math.nan if row.box else 0.0)


def _nothing(identifier: Identifier) -> Embeddings:
    text = np.zeros(0, "U1")
    return Embeddings(np.zeros((0, 1), np.float32), text, text, identifier.about)
