"""Which boxes a model looks at that nobody here trained: those of the one source that the tables
have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tf_happywhale.catalogue.boxes.formats.megadetector import NO_ANIMALS
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.photographs.photos import Photo
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Experiment
from tf_happywhale.detection.detector import find_detector
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import is_gallery, own_model
from tf_happywhale.inference.embedding.identifier import Identifier


def with_source(
    identifier: Identifier,
    experiment: Experiment,
    gallery: Path | None,
    photos: Sequence[Photo] = (),
) -> Identifier:
    """Return the identifier as it is used for a gallery and photographs.

    A model that was trained here looks at the boxes that it was trained on. A model that nobody
    taught, or that others trained, looks at those of `records.source` if that is given, or else of
    the gallery if it is a saved one, or else of the models beside it that were trained here, or
    else at those of the only source in the tables of boxes, or else at what the detector finds.

    Args:
        identifier: see `load_identifier`.
        experiment: the settings.
        gallery: a saved gallery or a catalogue folder; None: it is not known.
        photos: the photographs to identify.

    Raises:
        InputError: the tables have boxes of several sources.
    """
    models = identifier.models
    if all(model.decided for model in models):
        return identifier
    sources = _sources(identifier, experiment, gallery, photos)
    looking = [
        model if model.decided else model.looking_at(source)
        for model, source in zip(models, sources, strict=True)
    ]
    return replace(identifier, models=tuple(looking))


def _sources(
    identifier: Identifier, experiment: Experiment, gallery: Path | None, photos: Sequence[Photo]
) -> list[str]:
    """Return the source for each model that is not decided; see `with_source`."""
    models = identifier.models
    if gallery is not None and is_gallery(gallery):
        kept = own_model(gallery)[1]["source"].split(", ")
        if len(kept) == len(models):
            return kept
    trained = [model.primary for model in models if model.decided]
    if trained:
        return [trained[0]] * len(models)
    named = _named_by(_tables(experiment, gallery, photos), experiment)
    detector = find_detector(experiment, identifier.home)
    if not named and detector:
        named = dict.fromkeys(detector.sources(), detector.weights)
    source = _only(named) or experiment.records.source  # the usual one, if no table says it
    return [source] * len(models)


def _tables(experiment: Experiment, catalogue: Path | None, photos: Sequence[Photo]) -> list[Path]:
    """Return the tables of boxes that are there."""
    data, given = experiment.data, experiment.identify.boxes
    named = list(data.boxes.values()) if isinstance(data.boxes, dict) else [data.boxes or ""]
    found = []
    if catalogue is not None:
        found += [catalogue / name for name in named if name] or [catalogue / "boxes.csv"]
    if given is not None:
        found.append(Path(given).expanduser())
    else:
        found += _beside(photos)
    return [table for table in dict.fromkeys(found) if table.exists()]


def _beside(photos: Iterable[Photo]) -> list[Path]:
    """Return where `boxes_of_photos` looks for tables: in the photographs' folders and above, up to
    the folders that were given."""
    folders: dict[Path, None] = {}
    for photo in photos:
        inside = photo.path.relative_to(photo.folder).parent
        folders |= dict.fromkeys(photo.folder / place for place in (inside, *inside.parents))
    return [folder / "boxes.csv" for folder in folders]


def _named_by(tables: Sequence[Path], experiment: Experiment) -> dict[str, Path]:
    """Return the sources of boxes, and for each the first table that names it."""
    where: dict[str, Path] = {}
    boxes = experiment.data.boxes
    if isinstance(boxes, dict):
        where = {source: Path(file) for source, file in boxes.items()}
    for table in tables:
        for row in read_box_rows(table, reading_of(experiment.data)):
            if row.box and row.source and row.source not in NO_ANIMALS:
                where.setdefault(row.source, table)
    return where


def _only(named: Mapping[str, Path]) -> str | None:
    """Return the only source; None if there is none.

    Raises:
        InputError: there are several.
    """
    if len(named) < 2:
        return next(iter(named), None)
    (first, there), (second, other) = list(named.items())[:2]
    both = f"{there} has boxes of {first}, and {other} of {second}"
    if there == other:
        both = f"{there} has boxes of {' and '.join(sorted(named))}"
    raise InputError(
        f"{both}, and the model was not trained on any of them: say which with "
        f"records.source={first}, or records.source=whole for whole pictures."
    )
