"""Command: write the pages on which a person judges the matches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

if TYPE_CHECKING:
    import pandas as pd

    from tf_happywhale.catalogue.dataset import DataSet

EXAMPLES = [
    "python -m tf_happywhale.report configs/demo.yaml",
    "python -m tf_happywhale.report configs/demo.yaml report.queries=50 report.thumbnail=320",
]


def main(experiment: Experiment) -> None:
    """Write report.html and report/ from predictions.csv, unless they are up to date."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.disk.hashes import digest, sha256
    from tf_happywhale.errors import InputError
    from tf_happywhale.places import output_folder
    from tf_happywhale.stages import stage

    data, output = load_data(experiment), output_folder(experiment)
    warned = damaged(experiment, data)
    predictions = output / "predictions.csv"
    if not predictions.is_file():
        raise InputError(
            f"There is no {predictions}: run `python -m tf_happywhale.rank` with the same config."
        )
    metrics = output / "metrics.json"
    stage(
        output,
        "report",
        depends_on={
            "report": experiment.report.model_dump(mode="json"),
            "predictions": sha256(predictions),
            "metrics": sha256(metrics) if metrics.is_file() else "none",
            "figures": [sha256(file) for file in figures(experiment).values()],
            "catalogue": digest(data.catalogue.to_dict("list")),
            "boxes": digest({image: str(box) for image, box in data.boxes.items()}),
            "answers": digest(data.answers),
            **({"damaged": warned} if warned else {}),
        },
        outputs=[output / "report.html", output / "report" / "index.html"],
        work=lambda: write_pages(experiment, data),
    )


def write_pages(experiment: Experiment, data: DataSet) -> None:
    """Draw the report of the experiment's predictions."""
    from tf_happywhale.catalogue.animals.animal_key import photograph_of
    from tf_happywhale.catalogue.tables.table import read_text_table
    from tf_happywhale.errors import InputError
    from tf_happywhale.pictures.pixels import read_small
    from tf_happywhale.places import output_folder
    from tf_happywhale.review.query_pages import write_report
    from tf_happywhale.review.report_content import Known, ReportContent

    output, settings = output_folder(experiment), experiment.report
    table = read_text_table(output / "predictions.csv", ("image", "rank", "individual_id"))
    catalogue = data.catalogue

    def picture(folder, images):
        """A function from an image's key to its picture, as the pages show it."""
        known = frozenset(images)

        def read(image: str):
            if image not in known:
                raise InputError(f"{image} is not an image of {folder.name}.")
            return read_small(
                folder / photograph_of(image), data.boxes.get(image), settings.thumbnail
            )

        return read

    content = ReportContent(
        title=f"Who is who: {data.name.replace('_', ' ')}",
        summary=summary(experiment, data),
        query_picture=picture(data.test_folder, data.test_images),
        reference_picture=picture(data.train_folder, data.images),
        known=Known(
            species=data.species_of,
            answers=data.answers,
            references=catalogue.groupby("individual_id")["image"].agg(list).to_dict(),
            seen=dict(zip(catalogue["image"], seen(catalogue), strict=True)),
            warnings=damaged(experiment, data),
        ),
        figures=figures(experiment),
    )
    page = write_report(output, table, content, settings)
    print(f"report: {page} and {output / 'report' / 'index.html'}")


def damaged(experiment: Experiment, data: DataSet) -> dict[str, list[str]]:
    """What is wrong with the images to identify, as noted when the records were written. It is
    empty for several models: to find their records, every photograph would have to be read."""
    from tf_happywhale.catalogue.tables.table import read_text_table
    from tf_happywhale.records.manifest import DAMAGED_TABLE
    from tf_happywhale.records.plan import plan_records

    if experiment.members or experiment.variants or data.shards:
        return {}
    table = plan_records(experiment, data).folder / DAMAGED_TABLE
    if not table.is_file():
        return {}
    rows = read_text_table(table, ("image", "split", "reason"))
    rows = rows[rows["split"] == "test"]
    return {image: [reason] for image, reason in zip(rows["image"], rows["reason"], strict=True)}


def seen(table: pd.DataFrame) -> list[str]:
    """When, or in which encounter, each image of a catalogue was taken, as far as it says."""
    facts = [table[name] for name in ("date", "encounter") if name in table.columns]
    return [", ".join(filter(None, row)) for row in zip(*facts, strict=True)] or [""] * len(table)


def figures(experiment: Experiment) -> dict[str, Path]:
    """What `evaluate` and the training of each fold have drawn, by caption."""
    from tf_happywhale.config import variants_of
    from tf_happywhale.places import output_folder, run_folder, run_name
    from tf_happywhale.retrieval.evaluation.figures import figure_files

    files = figure_files(output_folder(experiment) / "figures")
    for variant in variants_of(experiment):
        for fold in variant.folds:
            caption = f"Training of {run_name(variant)}, judged by fold {fold}"
            files[run_folder(variant, fold) / "training.png"] = caption
    return {caption: file for file, caption in files.items() if file.is_file()}


def summary(experiment: Experiment, data: DataSet) -> list[tuple[str, str]]:
    """What stands at the head of the report: name and value of each row."""
    import json

    from tf_happywhale.places import output_folder

    rows = [
        ("Catalogue", f"{len(data.images)} images of {len(data.order)} individuals"),
        ("To identify", f"{len(data.test_images)} images"),
        ("Model", f"{experiment.model.backbone} at {experiment.image_size} pixels"),
    ]
    file = output_folder(experiment) / "metrics.json"
    metrics = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    chosen = metrics.get("out_of_fold", {}).get("chosen")
    flatters = f"; flattering, by the {chosen} that are best on these very images" if chosen else ""
    for name, part in metrics.items():
        if name == "members":
            continue
        known = f"known individuals {_short(part['map5_known'])}"
        if name.startswith("fold"):
            rows.append((f"Validation, {name}", f"mAP@5 of {known}, without new ones{flatters}"))
        elif name == "out_of_fold":
            rows.append(("Out of fold", f"mAP@5 {_short(part['map5'])}, {known}{flatters}"))
        else:
            rows.append(("Right answers", f"mAP@5 {_short(part['map5'])}, {known}"))
    return rows


def _short(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    command(main, "report", __doc__, EXAMPLES)
