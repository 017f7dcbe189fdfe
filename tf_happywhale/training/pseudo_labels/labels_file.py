"""Read pseudo.csv, the labels that were predicted; and what a file of them was made from."""

from __future__ import annotations

import pandas as pd

from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Experiment
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.errors import InputError
from tf_happywhale.places import output_folder, pseudo_file, run_name
from tf_happywhale.records.plan import RecordsPlan
from tf_happywhale.retrieval.ensemble.members import member_files
from tf_happywhale.stages import up_to_date


def stage_name(experiment: Experiment, fold: int) -> str:
    """Return the stage that writes one fold's pseudo.csv."""
    return f"pseudo {run_name(experiment)} fold {fold}"


def labels_made_from(
    experiment: Experiment, data: DataSet, plan: RecordsPlan, fold: int
) -> tuple[dict, dict]:
    """Return all that a fold's labels depend on, and the same in the form of earlier versions.

    Raises:
        InputError: embeddings of the round before are missing.
    """
    before = experiment.in_round(experiment.round - 1, fold)
    files = member_files(before, ("train", "test"))
    trained_on = pseudo_file(before, fold)
    validation = [image for image, number in data.fold_of.items() if number == fold]
    pictures = [plan.pictures("test", data.test_images), plan.pictures("train", validation)]
    made_from = {
        **({"trained_on": trained_on.is_file() and sha256(trained_on)} if before.round else {}),
        "pseudo": experiment.pseudo.model_dump(include={"confidence", "duplicate"}),
        "rank": experiment.rank.model_dump(mode="json", exclude={"rounds"}),  # one round labels
        "embeddings": [sha256(file) for file in files],
        "labels": digest([data.images, data.individual_ids, data.folds.tolist()]),
    }
    now, older = {"pictures": digest(pictures)}, {"records": plan.folder.name}
    return made_from | now, made_from | older


def read_labels(
    experiment: Experiment, data: DataSet, plan: RecordsPlan, fold: int
) -> dict[str, tuple[str, float]]:
    """Return who is in each image that one fold's pseudo.csv labels, and how sure that is.

    Raises:
        InputError: there is no such file, it is of other images or individuals, labels an image
            twice, or was made from other folds, models or settings than the present ones.
    """
    file = pseudo_file(experiment, fold)
    again = "run `python -m tf_happywhale.pseudo` with the same config"
    again += f" and pseudo.round={experiment.round}" if experiment.pseudo.rounds > 1 else ""
    if not file.is_file():
        raise InputError(
            f"There is no {file}: {again}, after train and embed with pseudo.round="
            f"{experiment.round - 1}; `python -m tf_happywhale.run` does all of these."
        )
    table = read_text_table(file, ("image", "individual_id", "confidence"))
    wrong = _what_is_wrong(table, data)
    if wrong:
        raise InputError(f"{file} {wrong}: {again}.")
    name, output = stage_name(experiment, fold), output_folder(experiment)
    forms = labels_made_from(experiment, data, plan, fold)
    if not any(up_to_date(output, name, depends_on=form, outputs=[file]) for form in forms):
        raise InputError(
            f"{file} was made from other folds, models or settings than the present ones: {again}."
        )
    try:
        confidence = [float(text) for text in table["confidence"]]
    except ValueError:
        raise InputError(f"{file} has a confidence that is not a number: {again}.") from None
    labels = zip(table["individual_id"], confidence, strict=True)
    return dict(zip(table["image"], labels, strict=True))


def _what_is_wrong(table: pd.DataFrame, data: DataSet) -> str:
    """Return why the rows cannot be labels of the present images, in words; empty if they can."""
    if not set(table["image"]) <= set(data.test_images):
        return "is not of these images and individuals"
    if not set(table["individual_id"]) <= set(data.order):
        return "is not of these images and individuals"
    twice = table["image"].duplicated()
    return f"labels {table['image'][twice].iloc[0]} twice" if twice.any() else ""
