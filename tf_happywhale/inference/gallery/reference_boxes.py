"""The boxes of a catalogue's images: of its own table, and of the one that `identify` is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box import WHOLE
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, check_boxes_of_animals
from tf_happywhale.catalogue.boxes.find_boxes import (
    WantedBoxes,
    boxes_from_rows,
    boxes_in_folder,
)
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.boxes.with_folder import rows_with_folder
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Experiment
from tf_happywhale.detection.detector import Detector
from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.places import data_root

Boxes = dict[str, dict[str, list[BoxRow]]]  # by source and image


def reference_boxes(
    root: Path,
    experiment: Experiment,
    identifier: Identifier,
    images: Sequence[str],
    detector: Detector | None,
) -> Boxes:
    """Return the boxes of a catalogue's images, by source and image.

    They are those of the tables in `data.boxes` if these are meant for this catalogue: the model
    was trained on it, nobody here trained the model, or the tables lie in its folder. Otherwise
    they are those of its `boxes.csv`. Images that it does not name take their boxes from
    `identify.boxes`, if that names them with their folder.

    Args:
        root: the catalogue folder.
        experiment: the settings.
        identifier: which boxes it looks at.
        images: keys of the catalogue's animals.
        detector: draws boxes if no table has them.

    Raises:
        InputError: a table has no box of a source that is needed, or an image shows several animals
            and not each of them has a box.
    """
    data, model = experiment.data, identifier.models[0]
    untrained = not model.taught or model.published is not None
    own = untrained or root.resolve() == data_root(model.experiment).resolve()
    required = () if detector else identifier.sources
    folder = root / data.train_images
    photographs = {image: folder / photograph_of(image) for image in images}
    found: Boxes = {}
    tables: set[Path | None] = set()
    for source in [*identifier.sources, *identifier.stand_ins]:
        given = data.boxes.get(source) if isinstance(data.boxes, dict) else data.boxes
        table = root / given if given else None
        inside = bool(given) and not Path(given).is_absolute() and table.exists()
        table = table if table and (own or inside) else None
        tables.add(table)
        best = boxes_in_folder(
            root,
            str(table) if table else None,
            photographs,
            WantedBoxes([source], required, reading_of(data)),
            folders=[folder, root / data.test_images],
        )[source]
        found[source] = {image: [row] for image, row in best.items()}
    if set(identifier.sources) != {WHOLE}:
        if tables == {None} and experiment.identify.boxes is not None:
            _fill_from_identify(found, root, experiment, photographs)
        check_boxes_of_animals(images, set().union(*found.values()), "the table of boxes")
    return found


def _fill_from_identify(
    found: Boxes, root: Path, experiment: Experiment, photographs: Mapping[str, Path]
) -> None:
    """Add the boxes in `identify.boxes` of images that have none, and print how many."""
    table = Path(experiment.identify.boxes).expanduser()
    if not table.exists() or table.resolve() == (root / "boxes.csv").resolve():
        return
    rows, without = rows_with_folder(
        read_box_rows(table, reading_of(experiment.data)), photographs, table
    )
    added: set[str] = set()
    for source, known in found.items():
        wanted = WantedBoxes([source], (), reading_of(experiment.data))
        best = boxes_from_rows(rows, table, photographs, wanted).get(source, {}) if rows else {}
        new = {image: [row] for image, row in best.items() if image not in known}
        added |= new.keys()
        found[source] = known | new
    if added:
        print(f"boxes of {len(added)} of the gallery's images are those of {table}")
    elif without:
        print(
            f"{table} has {without} boxes with names of the gallery's images, but without their "
            f"folder {experiment.data.train_images}, so that they may be of other photographs: "
            "they are not used for the gallery. Name the folder too, or set data.boxes."
        )
