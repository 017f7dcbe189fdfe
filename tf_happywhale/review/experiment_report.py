"""The report of an experiment: its predictions with the catalogue, the metrics and the figures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.dataset import DataSet, load_data
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Experiment, variants_of
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.pixels import read_small
from tf_happywhale.places import output_folder, run_folder, run_name
from tf_happywhale.records.manifest import DAMAGED_TABLE
from tf_happywhale.records.plan import plan_records
from tf_happywhale.retrieval.evaluation.figures import figure_files
from tf_happywhale.retrieval.evaluation.metric_lines import (
    naive_sentence,
    telling_sentences,
)
from tf_happywhale.retrieval.evaluation.training_gain import gain_sentence
from tf_happywhale.review.query_pages import write_report
from tf_happywhale.review.report_content import Known, ReadPicture, ReportContent
from tf_happywhale.stages import stage


def report_experiment(experiment: Experiment) -> None:
    """Write `report.html` and `report/` from `predictions.csv`, unless they are up to date.

    Raises:
        InputError: there are no predictions, or they are damaged.
    """
    data, output = load_data(experiment), output_folder(experiment)
    warnings = _damaged(experiment, data)
    predictions, metrics = output / "predictions.csv", output / "metrics.json"
    if not predictions.is_file():
        raise InputError(
            f"There is no {predictions}: run `python -m tf_happywhale.rank` with the same config."
        )
    figures = _figures(experiment)

    def write() -> None:
        table = read_text_table(predictions, ("image", "rank", "individual_id"))
        content = _content(experiment, data, warnings, figures)
        page = write_report(output, table, content, experiment.report)
        print(f"report: {page} and {output / 'report' / 'index.html'}")

    stage(
        output,
        "report",
        depends_on={
            "report": experiment.report.model_dump(mode="json"),
            "predictions": sha256(predictions),
            "metrics": sha256(metrics) if metrics.is_file() else "none",
            "figures": [sha256(file) for file in figures.values()],
            "catalogue": digest(data.catalogue.to_dict("list")),
            "boxes": digest({image: str(box) for image, box in data.boxes.items()}),
            "answers": digest(data.answers),
            **({"damaged": warnings} if warnings else {}),
        },
        outputs=[output / "report.html", output / "report" / "index.html"],
        work=write,
    )


def _content(
    experiment: Experiment,
    data: DataSet,
    warnings: dict[str, list[str]],
    figures: dict[str, Path],
) -> ReportContent:
    catalogue = data.catalogue

    def crops(folder: Path, images: Iterable[str]) -> ReadPicture:
        return _crops(folder, images, data, experiment.report.thumbnail)

    return ReportContent(
        title=f"Who is who: {data.name.replace('_', ' ')}",
        summary=summary_rows(experiment, data),
        query_picture=crops(data.test_folder, data.test_images),
        reference_picture=crops(data.train_folder, data.images),
        known=Known(
            species=data.species_of,
            answers=data.answers,
            references=catalogue.groupby("individual_id")["image"].agg(list).to_dict(),
            seen=dict(zip(catalogue["image"], _seen(catalogue), strict=True)),
            warnings=warnings,
        ),
        figures=figures,
    )


def _crops(folder: Path, images: Iterable[str], data: DataSet, longest: int) -> ReadPicture:
    """Return a function from the key of one of the images to its crop."""
    known = frozenset(images)

    def read(image: str) -> np.ndarray:
        if image not in known:
            raise InputError(f"{image} is not an image of {folder.name}.")
        return read_small(folder / photograph_of(image), data.boxes.get(image), longest)

    return read


def _damaged(experiment: Experiment, data: DataSet) -> dict[str, list[str]]:
    """Return what is wrong with the images to identify, as noted when the records were written.

    It is empty for several models: to find their records, every photograph would have to be read.
    """
    if experiment.members or experiment.variants or data.shards:
        return {}
    table = plan_records(experiment, data).folder / DAMAGED_TABLE
    if not table.is_file():
        return {}
    rows = read_text_table(table, ("image", "split", "reason"))
    rows = rows[rows["split"] == "test"]
    return {image: [reason] for image, reason in zip(rows["image"], rows["reason"], strict=True)}


def _seen(catalogue: pd.DataFrame) -> list[str]:
    """Return when, or in which encounter, each image was taken; empty if the catalogue lacks it."""
    facts = [catalogue[name] for name in ("date", "encounter") if name in catalogue.columns]
    if not facts:
        return [""] * len(catalogue)
    return [", ".join(filter(None, row)) for row in zip(*facts, strict=True)]


def _figures(experiment: Experiment) -> dict[str, Path]:
    """Return the figures of `evaluate` and of each fold's training, by caption."""
    files = figure_files(output_folder(experiment) / "figures")
    for variant in variants_of(experiment):
        for fold in variant.folds:
            caption = f"Training of {run_name(variant)}, judged by fold {fold}"
            files[run_folder(variant, fold) / "training.png"] = caption
    return {caption: file for file, caption in files.items() if file.is_file()}


def summary_rows(experiment: Experiment, data: DataSet) -> list[tuple[str, str]]:
    """Return the rows at the head of the report: name and value."""
    rows = [
        ("Catalogue", f"{len(data.images)} images of {len(data.order)} individuals"),
        ("To identify", f"{len(data.test_images)} images"),
        ("Model", f"{experiment.model.backbone} at {experiment.image_size} pixels"),
    ]
    metrics = _read_metrics(output_folder(experiment) / "metrics.json")
    chosen = metrics.get("out_of_fold", {}).get("chosen")
    note = f"; too optimistic: the {chosen} were chosen on these images" if chosen else ""
    for name, part in metrics.items():
        if name in ("members", "members_added"):
            continue
        if name == "training":
            rows += [("Training", gain_sentence(fold, told)) for fold, told in part.items()]
            continue
        known = f"known individuals {_short(part['map5_known'])}"
        if name.startswith("fold"):
            rows.append((f"Validation, {name}", f"mAP@5 of {known}, without new ones{note}"))
        elif name == "out_of_fold":
            rows.append(("Out of fold", f"mAP@5 {_short(part['map5'])}, {known}{note}"))
            if "naive_split" in part:
                rows.append(("Days", naive_sentence(part["naive_split"])))
            rows += [("New animals", sentence) for sentence in telling_sentences(part)]
        else:
            rows.append(("Right answers", f"mAP@5 {_short(part['map5'])}, {known}"))
    return rows


def _read_metrics(file: Path) -> dict:
    """Return what `evaluate` wrote; empty if there is no file, InputError if it is damaged."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
    except (ValueError, TypeError):
        raise InputError(
            f"{file} is damaged: run `python -m tf_happywhale.evaluate` with the same config."
        ) from None


def _short(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"
