"""Shots made from photographs and the boxes in them, and sentences about those boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import animal_key, count_animals, photograph_of
from tf_happywhale.catalogue.boxes.animal_boxes import Telling, pair_sources
from tf_happywhale.catalogue.boxes.box import WHOLE
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.catalogue.photographs.times_taken import contents_and_facts
from tf_happywhale.detection.detector import Detector
from tf_happywhale.inference.embedding.shots import Shot
from tf_happywhale.pictures.box_fit import misfits


def make_shots(
    photographs: Mapping[str, Path],
    boxes: Mapping[str, Mapping[str, list[BoxRow]]],
    home: Path,
    detector: Detector | None,
    label: str,
    telling: Telling | None = None,
) -> list[Shot]:
    """Return the shots of photographs. A file is hashed, and its EXIF read, unless its size and
    times are known.

    Args:
        photographs: path by key of an animal; with `telling` by name of a photograph, each of
            whose animals becomes a shot.
        boxes: rows by source and image, the most important source first.
        home: the folder in which the hashes are kept.
        detector: draws the boxes that are missing; None: they stay missing.
        label: what the images are, in words.
        telling: how several animals of a photograph are told apart; None: an image is one shot.
    """
    images, paths = list(photographs), list(photographs.values())
    contents, told = contents_and_facts(paths, home)
    if detector:
        boxes = detector.fill_missing(boxes, images, paths, contents, label, telling)
    primary = next(iter(boxes), None)
    shots = []
    for image, path, content, facts in zip(images, paths, contents, told, strict=True):
        found = {source: rows[image] for source, rows in boxes.items() if image in rows}
        if telling is None:
            animals = {image: {source: rows[0] for source, rows in found.items()}}
        else:
            animals = {animal_key(image, n): rows for n, rows in pair_sources(found)}
        for key, rows in animals.items():
            drawn = {source: row.box for source, row in rows.items() if row.box}
            shots.append(Shot(key, path, content, drawn, _confidence(rows.get(primary)), facts))
    return shots


def box_sentences(shots: Sequence[Shot], sources: Sequence[str], what: str) -> list[str]:
    """Return sentences about the boxes of shots: how many photographs have a box of each source,
    how many show several animals, and which boxes do not fit their picture.

    Args:
        shots: of photographs.
        sources: whose crops are embedded.
        what: what the photographs are, in words.
    """
    animals = count_animals(shot.image for shot in shots)
    sentences, whole = [], not any(shot.boxes for shot in shots)
    for source in sources:
        if source != WHOLE:
            count = len({photograph_of(shot.image) for shot in shots if source in shot.boxes})
            had = f"{count or 'none'} of {len(animals)} {what} have a box of source {source}"
            sentences.append(f"{had}: they are used whole" if whole else had)
    several = [count for count in animals.values() if count > 1]
    if several:
        sentences.append(
            f"{len(several)} of {len(animals)} {what} show several animals, {sum(several)} in all: "
            "each animal is looked at by itself"
        )
    boxes = ((shot.image, shot.path, box) for shot in shots for box in shot.boxes.values())
    return [*sentences, *misfits(boxes)]


def _confidence(row: BoxRow | None) -> float:
    """Return the detector's confidence: NaN if a person drew the box or it is not known, 0 if the
    detector found none."""
    if row is None or row.manual:
        return math.nan
    return row.confidence or (math.nan if row.box else 0.0)
