"""What a catalogue is like: how many images, how large the animals are, which sides are seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox, Box
from tf_happywhale.catalogue.boxes.formats.megadetector import NO_ANIMALS
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.data_folder import boxes_of_source
from tf_happywhale.catalogue.experiment_folds import find_bursts
from tf_happywhale.catalogue.photographs.own_output import is_own_output
from tf_happywhale.catalogue.photographs.photo_files import list_images
from tf_happywhale.catalogue.tables.dates_and_sides import side_of
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Experiment
from tf_happywhale.config.derived import BoxFacts, Facts
from tf_happywhale.disk.files import shown
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.jpeg_header import read_jpeg_header
from tf_happywhale.pictures.pixels import decode, read_file
from tf_happywhale.places import data_root

MEASURED = 200  # images whose size is looked at, spread over the catalogue
BOXES = "boxes.csv"


def folder_facts(experiment: Experiment) -> Facts:
    """Return the files with boxes and the folders of photographs that the data folder has, where
    the usual ones are missing; the other facts are 0."""
    data, root = experiment.data, data_root(experiment)
    files, folders = [], []
    if not (root / BOXES).is_file():
        files = [file.name for file in shown(root.glob("*.json")) if _holds_boxes(file, experiment)]
    if not (root / data.test_images).is_dir():
        others = [
            one
            for one in shown(root.iterdir())
            if one.is_dir() and one.name != data.train_images and not is_own_output(one)
        ]
        folders = [one.name for one in others if list_images(one)]
    return Facts(0, 0, 0, 0, box_files=tuple(files), test_folders=tuple(folders))


def catalogue_facts(experiment: Experiment, given: Collection[str]) -> Facts:
    """Return what the experiment's catalogue is like.

    Args:
        experiment: says where it lies.
        given: keys that a person gave; of the boxes only those of a given `records.source` count.

    Raises:
        InputError: something is missing or contradicts itself, or a picture cannot be read.
    """
    data, root = experiment.data, data_root(experiment)
    folder = root / data.train_images
    catalogue = read_catalogue(root / data.catalogue, reading_of(data), folder)
    images = list(catalogue["image"])
    looked_at = images[:: max(1, len(images) // MEASURED)]
    sizes = _sizes(folder, looked_at, skip=experiment.records.skip_unreadable)
    sides = _viewpoints(catalogue)
    only = {experiment.records.source} if "records.source" in given else None
    photographs = {key: folder / photograph_of(key) for key in images}
    boxes = []
    for source in _sources(experiment, root):
        if only is None or source in only:
            look = experiment.records.model_copy(update={"source": source, "more_sources": ()})
            one = experiment.model_copy(update={"records": look})
            found = boxes_of_source(one, root, source, photographs)
            boxes.append(BoxFacts(source, len(found), _side(sizes, found)))
    to_identify = _photographs(root / data.test_images)
    return Facts(
        images=len(images),
        individuals=catalogue["individual_id"].nunique(),
        bursts=len(set(find_bursts(experiment, catalogue, folder).tolist())),
        side=_side(sizes, {}),
        boxes=tuple(one for one in boxes if one.images),
        left=sides.count("left"),
        right=sides.count("right"),
        to_identify=len(to_identify),
        named_alike=len(to_identify & set(map(photograph_of, images))),
    )


def _holds_boxes(file: Path, experiment: Experiment) -> bool:
    try:
        return any(row.box for row in read_box_rows(file, reading_of(experiment.data)))
    except InputError:
        return False


def _sources(experiment: Experiment, root: Path) -> list[str]:
    """Return the sources that the boxes have; boxes that do not say it are of `records.source`."""
    given = experiment.data.boxes
    if isinstance(given, dict):
        return list(given)
    file = root / (given or BOXES)
    if given is None and not file.is_file():
        return []
    rows = [row for row in read_box_rows(file, reading_of(experiment.data)) if row.box]
    named = {row.source for row in rows} - {*NO_ANIMALS, WHOLE}
    return sorted(named - {""}) or ([experiment.records.source] if named else [])


def _photographs(folder: Path) -> set[str]:
    return set(list_images(folder)) if folder.is_dir() else set()


def _viewpoints(catalogue: pd.DataFrame) -> list[str]:
    if "viewpoint" not in catalogue.columns:
        return []
    return [side_of(viewpoint) for viewpoint in catalogue["viewpoint"]]


def _sizes(folder: Path, images: Sequence[str], skip: bool) -> dict[str, tuple[int, int]]:
    """Return the width and height of upright photographs; unreadable ones may be left out, but not
    all of them."""
    found: dict[str, tuple[int, int]] = {}
    for image in images:
        try:
            found[image] = _size(folder / photograph_of(image))
        except InputError:
            if not skip or (image == images[-1] and not found):
                raise
    return found


def _size(path: Path) -> tuple[int, int]:
    encoded = read_file(path)
    if header := read_jpeg_header(encoded):
        return header.upright
    height, width = decode(encoded, str(path)).shape[:2]
    return width, height


def _side(sizes: dict[str, tuple[int, int]], boxes: dict[str, AnyBox]) -> float:
    """Return the median side of squares with the area of the boxes, or without any of the whole
    pictures, in pixels."""
    if boxes:
        crops = [boxes[image].clip(*size) for image, size in sizes.items() if image in boxes]
    else:
        crops = [Box(0, 0, *size) for size in sizes.values()]
    areas = [(box.xmax - box.xmin) * (box.ymax - box.ymin) for box in crops if box]
    return float(np.median(np.sqrt(areas))) if areas else 0.0
