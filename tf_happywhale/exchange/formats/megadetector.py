"""MegaDetector's JSON of boxes, which has no individuals.

Boxes are left, top, width and height as shares of the picture. Source: the page "MegaDetector batch
output format" of https://github.com/agentmorris/MegaDetector (`info.format_version` 1.4). It is
read as it is where boxes are wanted (`catalogue/boxes/formats/megadetector.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.exchange.boxes import shares_of
from tf_happywhale.exchange.formats.coco import Sizes
from tf_happywhale.exchange.rows import Row, box_of

KEEPS = ("box",)


def to_megadetector(rows: Sequence[Row], sizes: Sizes) -> dict[str, Any]:
    """The tree of the JSON file. A photograph without a box has no detections.

    Args:
        rows: of the export.
        sizes: width and height of each photograph, by name.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        photograph = photograph_of(row["image"])
        detections = found.setdefault(photograph, [])
        box = box_of(row)
        if box is not None:
            four = shares_of(box, *sizes[photograph])
            detections.append({"category": "1", "conf": 1.0, "bbox": four})
    return {
        "info": {"format_version": "1.4", "detector": "boxes of a tf_happywhale catalogue"},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "images": [{"file": name, "detections": own} for name, own in found.items()],
    }
