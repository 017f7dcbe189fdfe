"""An export and an import from beginning to end. Nothing is written before all is checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box import RelativeBox
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError, nearest
from tf_happywhale.exchange.every_format import FORMATS, Format
from tf_happywhale.exchange.found import Animal
from tf_happywhale.exchange.imported import image_names, known_animals, sightings_of
from tf_happywhale.exchange.imported_pictures import find_pictures, relative_paths
from tf_happywhale.exchange.importing import Read
from tf_happywhale.exchange.new_catalogue import catalogue_package, lacking_boxes
from tf_happywhale.exchange.package import check_free, write_file, write_folder
from tf_happywhale.exchange.rows import Row, rows_in_order
from tf_happywhale.pictures.sizes import sizes_of
from tf_happywhale.sightings.table import read_sightings


def list_formats() -> list[str]:
    """Two lines on each format."""
    return [
        line
        for name, form in FORMATS.items()
        for line in (f"{name:<18} {form.holds}", f"{'':<18} not kept: {form.loses}")
    ]


def format_named(name: str) -> Format:
    """The format of this name.

    Raises:
        InputError: there is none.
    """
    if name not in FORMATS:
        raise InputError(f"There is no format {name[:80]!r}: {nearest(name, FORMATS)}.")
    return FORMATS[name]


def export_catalogue(name: str, place: Path, out: Path, experiment: Experiment) -> list[str]:
    """Write a gallery or a catalogue in a format, and return lines on what was written.

    Args:
        name: of the format.
        place: a gallery, a catalogue folder, or a table; see `read_sightings`.
        out: the new folder or file.
        experiment: how the catalogue is read, and the section `exchange`.

    Raises:
        InputError: see `read_sightings` and the formats; or `out` exists already, or has the wrong
            ending.
    """
    form = format_named(name)
    check_free(out)
    if form.file and out.suffix.lower() != form.file:
        raise InputError(f"{name} is one file: name it with {form.file} at its end, not {out}.")
    rows = rows_in_order(read_sightings(place, experiment.data))
    package = form.export(rows, experiment.exchange)
    if form.file:
        write_file(out, package.files[""])
    else:
        write_folder(out, package)
    return [f"{out}: of {_counts(rows)}", *package.said]


def import_catalogue(name: str, place: Path, folder: Path, experiment: Experiment) -> list[str]:
    """Make a new catalogue folder from another program's file or folder, and return lines on what
    was read.

    Args:
        name: of the format.
        place: the file or folder.
        folder: the new catalogue.
        experiment: how tables are read, and the section `exchange`.

    Raises:
        InputError: see the formats; or `folder` exists already, or a picture is not there.
    """
    form, settings = format_named(name), experiment.exchange
    check_free(folder)
    if not place.exists():
        raise InputError(f"There is no {place}: check the name.")
    reading = reading_of(experiment.data)
    read = form.read(place, reading)
    animals, said = known_animals(read.found, place, reading)
    animals = relative_paths(animals, settings.folder)
    names = image_names(animals, read.front)
    pictures: dict[str, Path] = {}
    if settings.pictures:
        folders = [Path(settings.folder).expanduser()] if settings.folder else read.folders
        names, pictures = _with_pictures(animals, names, folders, read)
    boxed = {n for n, one in zip(names, animals, strict=True) if isinstance(one.box, RelativeBox)}
    if boxed and not pictures:
        said.append(f"{len(boxed)} photographs have boxes in shares, which need the pictures: lost")
    sizes = sizes_of({name: path for name, path in pictures.items() if name in boxed})
    order = experiment.data.date_order
    sightings, vague = sightings_of(animals, names, pictures, sizes, place, order)
    rows = rows_in_order(sightings)
    write_folder(folder, catalogue_package(rows, settings.pictures))
    return [f"{folder}: {_counts(rows)}", *said, *vague, *lacking_boxes(rows)]


def _counts(rows: Sequence[Row]) -> str:
    photographs = len({photograph_of(row["image"]) for row in rows})
    individuals = len({row["individual_id"] for row in rows})
    return f"{len(rows)} animals in {photographs} photographs, {individuals} individuals"


def _with_pictures(
    animals: Sequence[Animal], names: Sequence[str], folders: Sequence[Path], read: Read
) -> tuple[list[str], dict[str, Path]]:
    """The names of the photographs with the endings of their files, and the files by name."""
    files = find_pictures(animals, folders, read.endings)
    if read.endings:
        names = [
            name if PurePosixPath(name).suffix == file.suffix else f"{name}{file.suffix}"
            for name, file in zip(names, files, strict=True)
        ]
    pictures: dict[str, Path] = {}
    for name, file, animal in zip(names, files, animals, strict=True):
        if pictures.setdefault(name, file) != file:
            raise InputError(
                f"{animal.where}: two pictures have the name {name[:80]!r}: rename one of them."
            )
    return list(names), pictures
