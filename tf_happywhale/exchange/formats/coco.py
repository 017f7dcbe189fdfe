"""COCO's JSON with individuals, as Wildbook exports it: `annotations.json` and `images/`.

An annotation has the individual as `name` and its side as `viewpoint`; the category is the species,
`date_captured` is of the image, and `____` is nobody. Sources: https://cocodataset.org/#format-data
and `create_catalogue_wildme` (datasets/datasets_wildme.py) of
https://github.com/WildlifeDatasets/wildlife-datasets. Readers want a box of every animal, so one
without has the whole picture; a box of the whole picture is read as none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.boxes.box import AnyBox, Box
from tf_happywhale.catalogue.boxes.formats.cells import quoted
from tf_happywhale.catalogue.boxes.formats.json_values import expect, field, four_numbers
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.errors import InputError
from tf_happywhale.exchange.found import Animal, Found, by_id, one_box
from tf_happywhale.exchange.rows import Row, box_of, moment_of

FILE, FOLDER, NOBODY = "annotations.json", "images", "____"
KEEPS = ("species", *FACTS, "box")
FURTHER = tuple(name for name in FACTS if name not in ("date", "time"))
NAMED = ("name", "individual", "individual_id", "identity")
Sizes = Mapping[str, tuple[int, int]]


def to_coco(rows: Sequence[Row], sizes: Sizes) -> dict[str, Any]:
    """The tree of the JSON file.

    Args:
        rows: of the export.
        sizes: width and height of each photograph, by name.

    Raises:
        InputError: an individual has the id that means nobody.
    """
    if any(row["individual_id"] == NOBODY for row in rows):
        raise InputError(
            f"An individual has the id {NOBODY}, which means in COCO that nobody knows the animal: "
            "give it another id."
        )
    kinds = {kind: n for n, kind in enumerate(dict.fromkeys(r["species"] for r in rows), start=1)}
    images: dict[str, dict[str, Any]] = {}
    annotations = []
    for number, row in enumerate(rows, start=1):
        photograph = photograph_of(row["image"])
        width, height = sizes[photograph]
        about = {"id": len(images) + 1, "file_name": photograph, "width": width, "height": height}
        image = images.setdefault(photograph, {**about, "date_captured": moment_of(row)})
        box = box_of(row) or Box(0, 0, width, height)
        left, top, right, bottom = box.xmin, box.ymin, box.xmax, box.ymax
        annotations.append(
            {
                "id": number,
                "image_id": image["id"],
                "category_id": kinds[row["species"]],
                "bbox": [left, top, right - left, bottom - top],
                "area": (right - left) * (bottom - top),
                "iscrowd": 0,
                "segmentation": [[left, top, right, top, right, bottom, left, bottom]],
                "name": row["individual_id"],
                **{name: row[name] for name in FURTHER if row[name]},
            }
        )
    return {
        "info": {"description": "individuals, by name"},
        "licenses": [],
        "categories": [
            {"id": n, "name": kind or "animal", "supercategory": "animal"}
            for kind, n in kinds.items()
        ],
        "images": list(images.values()),
        "annotations": annotations,
    }


def from_coco(tree: Any, file: Path, individual: str = "") -> Found:
    """The animals of a JSON file.

    Args:
        tree: what the file holds.
        file: its name, for errors.
        individual: the field of an annotation that holds the individual; empty: it is found.

    Raises:
        InputError: something is missing or wrong, or two fields may hold the individual.
    """
    listed = enumerate(field(tree, "images", list, str(file)), start=1)
    images = by_id(
        ((_id(one, "id", f"{file}: image {place}"), one) for place, one in listed),
        f"{file}: the image",
    )
    kinds = expect(tree.get("categories") or [], list, f"{file}: categories")
    a_kind = f"{file}: a category"
    species = by_id(
        ((_id(one, "id", a_kind), field(one, "name", str, a_kind)) for one in kinds),
        f"{file}: the category",
    )
    annotations = field(tree, "annotations", list, str(file))
    key = individual or _individual_key(annotations, file)
    animals = []
    for place, one in enumerate(annotations, start=1):
        where = f"{file}: annotation {place}"
        image = images.get(_id(one, "image_id", where))
        if image is None:
            raise InputError(f"{where} is of an image that the file does not list: export again.")
        said = _said(one)
        facts = {name: _text(said.get(name), where) for name in FURTHER}
        facts["date"] = _date(image)
        kind = None if one.get("category_id") is None else _id(one, "category_id", where)
        facts["species"] = species.get(kind, "")
        facts["species"] = "" if facts["species"] == "animal" else facts["species"]
        who = _text(said.get(key), where)
        animals.append(
            Animal(
                field(image, "file_name", str, where),
                "" if who == NOBODY else who,
                facts,
                _box(one, image, where),
                where,
            )
        )
    without = len(images) - len({_id(one, "image_id", str(file)) for one in annotations})
    return Found(animals, (f"{without} images without an annotation are left out",) * (without > 0))


def _individual_key(annotations: list, file: Path) -> str:
    """The field of annotations that holds the individual."""
    there = [name for name in NAMED if any(_said(one).get(name) for one in annotations)]
    if not there:
        raise InputError(
            f"{file}: no annotation names an individual ({', '.join(NAMED)}): set "
            "data.columns='{individual_id: FIELD}' with the field that does."
        )
    first = [(_said(one).get(name) for name in there) for one in annotations]
    if any(len(set(map(str, values))) > 1 for values in first):
        raise InputError(
            f"{file}: the individual may be {' or '.join(there)}, which differ: set "
            f"data.columns='{{individual_id: {there[0]}}}', or another of them."
        )
    return there[0]


def _said(annotation: Any) -> dict[str, Any]:
    """What an annotation says, in itself or in its attributes."""
    own = expect(annotation, dict, "An annotation")
    more = own.get("attributes")
    return {**(more if isinstance(more, dict) else {}), **own}


def _box(annotation: dict, image: dict, where: str) -> AnyBox | None:
    given = annotation.get("bbox")
    if not given:
        return None
    four = four_numbers(given, where)
    whole = (0, 0, image.get("width"), image.get("height"))
    return None if four == whole else one_box(four, where, shares=False)


def _date(image: dict) -> str:
    date = image.get("date_captured")
    return "" if not isinstance(date, str) or date == "NA" else date


def _text(value: Any, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | float | dict | list):
        raise InputError(f"{where}: {quoted(value)} is not text: export it as text.")
    return str(value)


def _id(tree: Any, name: str, where: str) -> int | str:
    value = tree.get(name) if isinstance(tree, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InputError(f"{where} has no {name}: correct the file, or export it again.")
    return value
