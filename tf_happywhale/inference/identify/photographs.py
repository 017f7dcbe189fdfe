"""The photographs to identify: which there are, which animals are in them, their embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.animal_boxes import Telling, animal_rows
from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_of_photos
from tf_happywhale.catalogue.photographs.photo_facts import COLUMNS, OTHERS, with_facts
from tf_happywhale.catalogue.photographs.photo_files import skipped_lines
from tf_happywhale.catalogue.photographs.photo_viewpoints import with_viewpoints
from tf_happywhale.catalogue.photographs.photos import Photo, group_photos, search_photos
from tf_happywhale.catalogue.photographs.when_and_where import (
    difference_sentences,
    table_before_camera,
)
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Experiment
from tf_happywhale.detection.detector import Detector
from tf_happywhale.errors import InputError
from tf_happywhale.inference.embedding.identifier import Identifier, of_camera
from tf_happywhale.inference.embedding.shots import Shot
from tf_happywhale.inference.embedding.shots_from_boxes import box_sentences, make_shots
from tf_happywhale.retrieval.embeddings import Embeddings


def find_photographs(
    given: Sequence[str], experiment: Experiment
) -> tuple[list[Photo], dict[str, str]]:
    """Return the photographs among files and folders, with their encounters, their sides, and what
    a table says of them; and why other pictures are not looked at, by name. What is not looked at
    is printed too.

    Raises:
        InputError: there is no photograph, or a file is not one, or one of the tables is wrong.
    """
    photos, listing = search_photos(given)
    for line in skipped_lines(listing):
        print(line)
    reading, settings = reading_of(experiment.data), experiment.identify
    photos = group_photos(photos, settings.encounters, reading)
    photos = with_viewpoints(photos, settings.viewpoint, reading)
    return with_facts(photos, settings.facts, reading), listing.not_read


def find_animals(
    experiment: Experiment,
    identifier: Identifier,
    photos: Sequence[Photo],
    detector: Detector | None,
) -> list[Shot]:
    """Return the animals in photographs, and print how many have a box.

    Boxes come from a table, otherwise from the detector. A photograph without a box is one animal,
    and the whole picture is used.

    Raises:
        InputError: the table of boxes is wrong, or it lacks a source that is needed.
    """
    settings, telling = experiment.identify, None
    if settings.animals == "all":
        telling = Telling(settings.min_confidence, experiment.detect.overlap)
    wanted = WantedBoxes(
        [*identifier.sources, *identifier.stand_ins],
        required=() if detector else identifier.sources,
        reading=reading_of(experiment.data),
        choose=partial(animal_rows, telling=telling),
    )
    boxes = boxes_of_photos(photos, settings.boxes, wanted)
    paths = {photo.image: photo.path for photo in photos}
    shots = make_shots(paths, boxes, identifier.home, detector, "photographs", telling)
    for sentence in box_sentences(shots, identifier.sources, "photographs"):
        print(sentence)
    return shots


def embed_photographs(
    identifier: Identifier, shots: Sequence[Shot], photos: Sequence[Photo]
) -> tuple[Embeddings, dict[str, str]]:
    """Return the embeddings of the animals, with the columns `FACTS` and those by EXIF; and why
    other photographs cannot be read, by name. Where table and camera differ, this is printed.

    Raises:
        InputError: no photograph can be read.
    """
    queries, failed = identifier.embed(shots, [""] * len(shots), "photographs")
    if not len(queries):
        raise InputError(f"No photograph can be read: {min(failed.values())}")
    of = {photo.image: photo for photo in photos}
    theirs = [of[photograph_of(image)] for image in queries.image.tolist()]
    written = {name: [photo.facts.get(name, "") for photo in theirs] for name in COLUMNS}
    written |= {name: [getattr(photo, name) for photo in theirs] for name in OTHERS}
    images, camera = queries.image.tolist(), of_camera(queries)
    for sentence in difference_sentences(images, written, camera, "animals"):
        print(sentence)
    facts = written | table_before_camera(written, camera)
    columns = queries.columns | {name: np.array(cells, np.str_) for name, cells in facts.items()}
    reasons = {photograph_of(image): reason for image, reason in failed.items()}
    return replace(queries, columns=columns), reasons
