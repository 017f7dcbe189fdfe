"""Readers of other programs, each in the environment that has it; see `with_real_readers.py`.

python real_readers.py READER FORMAT EXPORT EXPECTED.json
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

from camtrap_dp_standard import SCHEMAS, check_profile


def wildlife_datasets(folder: Path, rows: list[dict]) -> str:
    """The package's own checks of columns, ids and files, and a crop of each box."""
    import pandas as pd
    from wildlife_datasets.datasets import WildlifeDataset

    table = pd.read_csv(folder / "metadata.csv", dtype=str, keep_default_na=False)
    table["bbox"] = [json.loads(box) if box else None for box in table["bbox"]]
    data = WildlifeDataset(str(folder), df=table, img_load="bbox")
    data.finalize_catalogue(table)
    assert data.df["identity"].tolist() == [row["individual_id"] for row in rows]
    for place, row in enumerate(rows):
        if row["box"]:
            left, top, right, bottom = map(int, row["box"].split(","))
            assert data[place].size == (right - left, bottom - top)
    return f"{len(data)} animals, {data.num_classes} individuals, checked and cropped"


def pycocotools(folder: Path, rows: list[dict]) -> str:
    """The index, and the mask of each animal."""
    from pycocotools.coco import COCO

    data = COCO(str(folder / "annotations.json"))
    found = data.loadAnns(data.getAnnIds())
    assert [one["name"] for one in found] == [row["individual_id"] for row in rows]
    for one in found:
        (image,) = data.loadImgs(one["image_id"])
        assert (folder / "images" / image["file_name"]).is_file()
        assert data.annToMask(one).sum() == one["area"]
    kinds = {one["name"] for one in data.loadCats(data.getCatIds())}
    assert kinds == {row["species"] or "animal" for row in rows}
    return f"{len(found)} annotations with masks, {len(data.imgs)} images"


def megadetector(file: Path, rows: list[dict]) -> str:
    """MegaDetector's own validation of its format."""
    from megadetector.postprocessing.validate_batch_results import (
        ValidateBatchResultsOptions,
        validate_batch_results,
    )

    options = ValidateBatchResultsOptions()
    options.raise_errors = options.return_data = True
    results = validate_batch_results(str(file), options)
    said = results["validation_results"]
    assert not said["errors"] and not said["warnings"], said
    boxes = sum(len(image["detections"]) for image in results["images"])
    assert boxes == sum(bool(row["box"]) for row in rows)
    return f"{boxes} boxes in {len(results['images'])} images are valid"


def frictionless(folder: Path, rows: list[dict]) -> str:
    """The tables by the standard's schemas with their keys, and their columns by camtrapdp."""
    from camtrapdp.deployments import Deployment
    from camtrapdp.media import Media
    from camtrapdp.observations import Observation
    from frictionless import Package

    tree = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    check_profile(tree)
    inline = [{**one, "schema": SCHEMAS[one["name"]]} for one in tree["resources"]]
    package = Package.from_descriptor(
        {"name": tree["name"], "resources": inline}, basepath=str(folder)
    )
    report = package.validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])
    found = Observation.from_csv(str(folder / "observations.csv"))
    Deployment.from_csv(str(folder / "deployments.csv"))
    media = Media.from_csv(str(folder / "media.csv"))
    assert all((folder / one.filePath).is_file() for one in media)
    whole = [row["individual_id"] for row in rows if row["date"]]
    assert [one.individualID for one in found] == whole
    return f"{len(found)} observations of {len(media)} media are valid"


def dwca(folder: Path, rows: list[dict]) -> str:
    """The archive by its meta.xml."""
    from dwca.read import DwCAReader

    terms = "http://rs.tdwg.org/dwc/terms/"
    with DwCAReader(str(folder)) as archive:
        assert archive.core_contains_term(f"{terms}organismID")
        found = [one.data for one in archive]
    assert [one[f"{terms}organismID"] for one in found] == [row["individual_id"] for row in rows]
    assert found[0][f"{terms}eventDate"] == "2021-04-03T10:22:59"
    assert found[0][f"{terms}decimalLatitude"] == rows[0]["latitude"]
    return f"{len(found)} occurrences"


def sklearn(folder: Path, rows: list[dict]) -> str:
    """Folders as classes."""
    from sklearn.datasets import load_files

    found = load_files(str(folder), load_content=False)
    assert len(found.filenames) == len(rows)
    assert len(found.target_names) == len({row["individual_id"] for row in rows})
    return f"{len(found.filenames)} crops in {len(found.target_names)} folders"


def published_columns(place: Path, rows: list[dict]) -> str:
    """camtrapR and Wildbook have no reader in Python: their published names of columns."""
    from published_columns import CAMTRAPR, WILDBOOK

    if place.suffix == ".csv":
        with place.open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file))
        assert [name for name in CAMTRAPR if name not in columns] == []
        return "the columns that spatialDetectionHistory reads are there"
    import openpyxl

    sheet = openpyxl.load_workbook(place / "bulk_import_1.xlsx").active
    header, *lines = sheet.iter_rows(values_only=True)
    assert set(header) <= WILDBOOK, set(header) - WILDBOOK
    for line in lines:
        assert (place / "photographs" / line[0]).is_file()
    return f"{len(header)} columns, all of Wildbook's list"


def fiftyone(folder: Path, rows: list[dict]) -> str:
    """FiftyOne's own importer, which needs no database."""
    import fiftyone.utils.data as foud

    importer = foud.FiftyOneImageDetectionDatasetImporter(dataset_dir=str(folder))
    with importer:
        found = [(path, one) for path, _, label in importer for one in label.detections]
    assert all(Path(path).is_file() for path, _ in found)
    labels = sorted(one.label for _, one in found)
    assert labels == sorted(row["individual_id"] for row in rows)
    assert any(one["place"] == "Inner Bay" for _, one in found)
    return f"{len(found)} detections"


def fiftyone_coco(folder: Path, rows: list[dict]) -> str:
    """FiftyOne's own importer of COCO, with our fields as attributes."""
    from fiftyone.utils.coco import COCODetectionDatasetImporter

    importer = COCODetectionDatasetImporter(
        data_path=str(folder / "images"),
        labels_path=str(folder / "annotations.json"),
        label_types="detections",
        extra_attrs=True,
    )
    with importer:
        found = [one for _, _, label in importer for one in label.detections]
    names = sorted(one["name"] for one in found)
    assert names == sorted(row["individual_id"] for row in rows)
    return f"{len(found)} detections"


if __name__ == "__main__":
    reader, name, export, expected = sys.argv[1:]
    said = globals()[reader](Path(export), json.loads(Path(expected).read_text()))
    print(f"{name}: read by {reader}: {said}", flush=True)
