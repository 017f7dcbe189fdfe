"""The formats: what each holds, what is lost, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass

from tf_happywhale.exchange import exporting, importing


@dataclass(frozen=True)
class Format:
    """A format of another program.

    Attributes:
        holds: what it holds, in a line.
        loses: what it does not hold, in a line.
        export: makes its files.
        read: reads them.
        file: the ending of its one file; empty: an export is a folder.
    """

    holds: str
    loses: str
    export: exporting.Export
    read: importing.Import
    file: str = ""


FORMATS = {
    "wildlife-datasets": Format(
        "metadata.csv and images/, for the Python package of this name",
        "nothing",
        exporting.export_wildlife_datasets,
        importing.import_wildlife_datasets,
    ),
    "coco": Format(
        "annotations.json with individuals, and images/, for pycocotools and Wildbook's tools",
        "that an animal has no box (it gets the whole picture)",
        exporting.export_coco,
        importing.import_coco,
    ),
    "megadetector": Format(
        "one JSON file of boxes, for Timelapse and other programs for camera traps",
        "individuals and all else but the boxes; cannot be imported",
        exporting.export_megadetector,
        importing.import_megadetector,
        ".json",
    ),
    "camtrapr": Format(
        "one CSV file, camtrapR's record table with individuals, for secr in R",
        "boxes, offsets of times; rows without a place, a date and a time",
        exporting.export_camtrapr,
        importing.import_camtrapr,
        ".csv",
    ),
    "camtrap-dp": Format(
        "datapackage.json, three tables and media/: Camtrap DP 1.0.2, for GBIF and Agouti",
        "rows without date, time and coordinates",
        exporting.export_camtrap_dp,
        importing.import_camtrap_dp,
    ),
    "darwin-core": Format(
        "occurrence.csv and meta.xml, for GBIF and OBIS",
        "boxes; photographs are named, not copied",
        exporting.export_darwin_core,
        importing.import_darwin_core,
    ),
    "wildbook": Format(
        "sheets for the bulk import, 200 rows each, and photographs/ under names it accepts",
        "boxes, sides, quality, distinctiveness, observers, seconds, names of photographs",
        exporting.export_wildbook,
        importing.import_wildbook,
    ),
    "crops": Format(
        "a folder of crops for each individual, and individuals.csv with the exact ids",
        "what lies outside the boxes",
        exporting.export_crops,
        importing.import_crops,
    ),
    "fiftyone": Format(
        "labels.json and data/, an image detection dataset of FiftyOne",
        "that an animal has no box (it gets the whole picture)",
        exporting.export_fiftyone,
        importing.import_fiftyone,
    ),
}
