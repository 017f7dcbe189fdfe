"""FiftyOne's image detection dataset: `labels.json` and `data/`.

A label is an individual, its box is left, top, width and height as shares of the picture, and what
else is known is in its attributes. Read it with `fiftyone.Dataset.from_dir(FOLDER,
fiftyone.types.FiftyOneImageDetectionDataset)`. Sources: FiftyOneImageDetectionDataset in
https://docs.voxel51.com/user_guide/export_datasets.html, and its importer in fiftyone 1.22, which
finds a picture by its name without the ending. An animal without a box has the whole picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box import AnyBox
from tf_happywhale.catalogue.boxes.formats.json_values import expect, field, four_numbers
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.boxes import shares_of
from tf_happywhale.exchange.formats.coco import Sizes
from tf_happywhale.exchange.found import Animal, Found, one_box
from tf_happywhale.exchange.rows import Row, box_of

FILE, FOLDER = "labels.json", "data"
KEEPS = ("species", *FACTS, "box")
WHOLE = [0.0, 0.0, 1.0, 1.0]


def to_fiftyone(rows: Sequence[Row], sizes: Sizes) -> tuple[dict[str, Any], dict[str, str]]:
    """The tree of `labels.json`, and the path of each photograph in the export by its name.

    Args:
        rows: of the export.
        sizes: width and height of each photograph that has a box, by name.
    """
    paths, labels = _paths(rows), {}
    for row in rows:
        photograph = photograph_of(row["image"])
        box = box_of(row)
        key = str(PurePosixPath(paths[photograph]).relative_to(FOLDER).with_suffix(""))
        attributes = {name: row[name] for name in ("species", *FACTS) if row[name]}
        labels.setdefault(key, []).append(
            {
                "label": row["individual_id"],
                "bounding_box": shares_of(box, *sizes[photograph]) if box else WHOLE,
                "attributes": {"photograph": photograph, **attributes},
            }
        )
    return {"labels": labels}, paths


def from_fiftyone(tree: Any, file: Path) -> Found:
    """The animals of such a file; a label may be a number that `classes` explains.

    Raises:
        InputError: something is missing or wrong.
    """
    classes = tree.get("classes") if isinstance(tree, dict) else None
    animals, without = [], 0
    for key, detections in field(tree, "labels", dict, str(file)).items():
        where = f"{file}: {key}"
        if not detections:
            without += 1
            continue
        for one in (expect(one, dict, where) for one in expect(detections, list, where)):
            attributes = field(one, "attributes", dict, where) if one.get("attributes") else {}
            facts = {name: str(attributes.get(name) or "") for name in ("species", *FACTS)}
            name = str(attributes.get("photograph") or "")
            box = _box(field(one, "bounding_box", list, where), where)
            animals.append(Animal(key, _label(one, classes, where), facts, box, where, name))
    return Found(animals, (f"{without} pictures without a label are left out",) * (without > 0))


def _paths(rows: Sequence[Row]) -> dict[str, str]:
    """A path for each photograph; no two are the same without their endings."""
    taken, paths = set(), {}
    for name in dict.fromkeys(photograph_of(row["image"]) for row in rows):
        path = PurePosixPath(name)
        stem, number = path.with_suffix(""), 2
        while str(stem).lower() in taken:
            stem, number = path.with_name(f"{path.stem}_{number}"), number + 1
        taken.add(str(stem).lower())
        paths[name] = f"{FOLDER}/{stem}{path.suffix}"
    return paths


def _label(detection: dict, classes: Any, where: str) -> str:
    label = detection.get("label")
    if isinstance(label, int) and not isinstance(label, bool) and isinstance(classes, list):
        label = classes[label] if 0 <= label < len(classes) else None
    if label is not None and not isinstance(label, str):
        raise InputError(f"{where} has the label {label!r}, which `classes` does not explain.")
    return label or ""


def _box(four: list, where: str) -> AnyBox | None:
    numbers = four_numbers(four, where)
    return None if list(numbers) == WHOLE else one_box(numbers, where, shares=True)
