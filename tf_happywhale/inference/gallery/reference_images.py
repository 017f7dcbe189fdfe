"""Reference images: those of a saved gallery, or of a catalogue folder, which is embedded now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.catalogue_table import read_sighted_catalogue
from tf_happywhale.catalogue.photographs.same_picture import same_pictures
from tf_happywhale.catalogue.photographs.when_and_where import (
    difference_sentences,
    table_before_camera,
)
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.catalogue.tables.table import tables_in
from tf_happywhale.config import Data, Experiment
from tf_happywhale.detection.detector import Detector
from tf_happywhale.disk.hashes import MISSING
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import is_gallery, open_gallery
from tf_happywhale.inference.embedding.identifier import Identifier, damage_sentences, of_camera
from tf_happywhale.inference.embedding.shots import Shot
from tf_happywhale.inference.embedding.shots_from_boxes import box_sentences, make_shots
from tf_happywhale.inference.gallery.reference_boxes import reference_boxes
from tf_happywhale.retrieval.embeddings import Embeddings

COLUMNS = ("species", *FACTS)  # of a catalogue, kept in a gallery


def load_gallery(
    path: Path,
    identifier: Identifier,
    experiment: Experiment,
    detector: Detector | None = None,
) -> tuple[Embeddings, dict[str, str]]:
    """Return the reference images of a saved gallery, or of a catalogue folder; and why some of
    them could not be read, by image.

    Args:
        path: the gallery, or the catalogue folder, whose images are embedded unless that was done.
        identifier: embeds them.
        experiment: the settings: how the catalogue's files are named and read, and its boxes.
        detector: draws boxes if the catalogue's table has none; None: the whole picture is used.

    Raises:
        InputError: the folder is neither, the gallery is empty or another model embedded it, or no
            image of the catalogue can be read.
    """
    path = Path(path).expanduser()
    if not is_gallery(path):
        return embed_catalogue(path, identifier, experiment, detector)
    gallery = open_gallery(path)
    gallery.check(identifier.about)
    if not len(gallery):
        raise InputError(f"The gallery {path} is empty: add images to it.")
    return gallery.images(), {}


def embed_catalogue(
    root: Path,
    identifier: Identifier,
    experiment: Experiment,
    detector: Detector | None = None,
) -> tuple[Embeddings, dict[str, str]]:
    """Embed the images of a catalogue folder, and print what is unusual about them.

    Returns, args, raises: see `load_gallery`.
    """
    data = experiment.data
    table, folder = _table(root, data), root / data.train_images
    catalogue = read_sighted_catalogue(table, reading_of(data), folder)
    images, owners = list(catalogue["image"]), list(catalogue["individual_id"])
    boxes = reference_boxes(root, experiment, identifier, images, detector)
    photographs = {image: folder / photograph_of(image) for image in images}
    shots = make_shots(photographs, boxes, identifier.home, detector, "gallery")
    pictures = list(map(_picture, shots))
    for sentence in [
        *box_sentences(shots, identifier.sources, "of the gallery's images"),
        *same_pictures(images, owners, pictures),
    ]:
        print(sentence)
    embedded, failed = identifier.embed(shots, owners, "gallery")
    if not len(embedded):
        raise InputError(f"No image of {table} can be read: {min(failed.values())}")
    known = _with_columns(embedded, catalogue)
    for sentence in [*damage_sentences(embedded), *_camera_sentences(embedded, catalogue)]:
        print(sentence)
    return known, failed


def _table(root: Path, data: Data) -> Path:
    """Return the table of a catalogue folder; InputError if there is none."""
    table = root / data.catalogue
    if not table.is_file():
        tables = ", ".join(tables_in(root))[:80]
        there = f", or one of its tables ({tables}) with data.catalogue" if tables else ""
        raise InputError(
            f"{root} is neither a gallery (it has no gallery.json) nor a catalogue folder (no "
            f"{data.catalogue}): name one of those{there}."
        )
    return table


def _picture(shot: Shot) -> tuple[str, str]:
    """Return what a shot's crops are made from; a missing file is equal to no other."""
    return (shot.image if shot.content == MISSING else shot.content), str(shot.boxes)


def _with_columns(embedded: Embeddings, catalogue: pd.DataFrame) -> Embeddings:
    """Return embeddings with the catalogue's `COLUMNS` of their images. Where it does not say when
    or where, what the photograph's EXIF says stays."""
    columns = {name: _cells(embedded, catalogue, name) for name in COLUMNS if name in catalogue}
    columns |= table_before_camera(columns, of_camera(embedded))
    columns = {name: np.array(cells, np.str_) for name, cells in columns.items()}
    return replace(embedded, columns=embedded.columns | columns)


def _camera_sentences(embedded: Embeddings, catalogue: pd.DataFrame) -> list[str]:
    """Return sentences on what the table and EXIF, which `embedded` has, say of when and where."""
    written = {name: _cells(embedded, catalogue, name) for name in COLUMNS if name in catalogue}
    images = embedded.image.tolist()
    return difference_sentences(images, written, of_camera(embedded), "of the gallery's images")


def _cells(embedded: Embeddings, catalogue: pd.DataFrame, name: str) -> list[str]:
    """Return a catalogue's column for the images."""
    column = catalogue.set_index("image")[name]
    return column.reindex(embedded.image).fillna("").tolist()
