"""Command: take confident predictions as labels for the next round of training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment, variants_of

if TYPE_CHECKING:
    import numpy as np

    from tf_happywhale.catalogue.dataset import DataSet
    from tf_happywhale.records.plan import RecordsPlan

EXAMPLES = [
    "python -m tf_happywhale.pseudo configs/right_whale_strong.yaml data.root=DIR",
    "python -m tf_happywhale.pseudo configs/demo.yaml pseudo.rounds=1 pseudo.confidence=0.8",
    "python -m tf_happywhale.pseudo configs/demo.yaml pseudo.rounds=2 pseudo.round=1",
]


def main(experiment: Experiment) -> None:
    """Label the images to identify for the experiment's next training, or its variants'."""
    for variant in variants_of(experiment):
        label_folds(variant)


def label_folds(experiment: Experiment) -> None:
    """For each fold write pseudo.csv, which its next training reads, from the round before."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.errors import ConfigError, InputError
    from tf_happywhale.places import output_folder, pseudo_file
    from tf_happywhale.records.manifest import skipped_images
    from tf_happywhale.records.plan import plan_records
    from tf_happywhale.stages import stage

    if experiment.round == 0:
        raise ConfigError(
            "The first round trains on the catalogue alone: set pseudo.rounds=1 to have another."
        )
    data = load_data(experiment)
    plan = plan_records(experiment, data)
    data = data.without(skipped_images(plan.folder))
    both = set(data.images) & set(data.test_images)
    if both:
        raise InputError(
            f"{min(both)} is an image of the catalogue and one to identify: rename one of them."
        )
    for fold in experiment.folds:
        before, known = experiment.in_round(experiment.round - 1, fold), {}
        if before.round:
            known = read_labels(before, data, plan, fold)
        stage(
            output_folder(experiment),
            _stage_name(experiment, fold),
            depends_on=_made_from(experiment, data, plan, fold),
            older=[_made_from(experiment, data, plan, fold, older=True)],
            outputs=[pseudo_file(experiment, fold)],
            work=lambda fold=fold, known=known: write_labels(
                experiment, data, plan.folder, fold, known
            ),
        )


def _stage_name(experiment: Experiment, fold: int) -> str:
    from tf_happywhale.places import run_name

    return f"pseudo {run_name(experiment)} fold {fold}"


def _made_from(
    experiment: Experiment, data: DataSet, plan: RecordsPlan, fold: int, *, older: bool = False
) -> dict:
    """All that a fold's labels depend on; `older`: in the form of earlier versions.

    Raises:
        InputError: embeddings of the round before are missing.
    """
    from tf_happywhale.disk.hashes import digest, sha256
    from tf_happywhale.places import pseudo_file
    from tf_happywhale.retrieval.ensemble.members import member_files

    before = experiment.in_round(experiment.round - 1, fold)
    files = member_files(before, ("train", "test"))
    trained_on = pseudo_file(before, fold)
    validation = [i for i, k in zip(data.images, data.folds.tolist(), strict=True) if k == fold]
    pictures = [plan.pictures("test", data.test_images), plan.pictures("train", validation)]
    return {
        **({"trained_on": trained_on.is_file() and sha256(trained_on)} if before.round else {}),
        "pseudo": experiment.pseudo.model_dump(include={"confidence", "duplicate"}),
        "rank": experiment.rank.model_dump(mode="json"),
        "embeddings": [sha256(file) for file in files],
        **({"records": plan.folder.name} if older else {"pictures": digest(pictures)}),
        "labels": digest([data.images, data.individual_ids, data.folds.tolist()]),
    }


def read_labels(
    experiment: Experiment, data: DataSet, plan: RecordsPlan, fold: int
) -> dict[str, tuple[str, float]]:
    """Of each image that one fold's pseudo.csv labels, who it says is in it, and how surely.

    Raises:
        InputError: there is none, it is of other images or individuals, labels an image twice, or
            was made from other folds, models or settings than the present ones.
    """
    from tf_happywhale.catalogue.tables.table import read_text_table
    from tf_happywhale.errors import InputError
    from tf_happywhale.places import output_folder, pseudo_file
    from tf_happywhale.stages import up_to_date

    file = pseudo_file(experiment, fold)
    again = "run `python -m tf_happywhale.pseudo` with the same config"
    again += f" and pseudo.round={experiment.round}" if experiment.pseudo.rounds > 1 else ""
    if not file.is_file():
        raise InputError(f"There is no {file}: {again}, or train with pseudo.round=0.")
    table = read_text_table(file, ("image", "individual_id", "confidence"))
    images, individual_ids = list(table["image"]), list(table["individual_id"])
    if not (set(images) <= set(data.test_images) and set(individual_ids) <= set(data.order)):
        raise InputError(f"{file} is not of these images and individuals: {again}.")
    if len(set(images)) < len(images):
        twice = next(image for n, image in enumerate(images) if image in images[:n])
        raise InputError(f"{file} labels {twice} twice: {again}.")
    name = _stage_name(experiment, fold)
    forms = [_made_from(experiment, data, plan, fold, older=older) for older in (False, True)]
    output = output_folder(experiment)
    if not any(up_to_date(output, name, depends_on=form, outputs=[file]) for form in forms):
        raise InputError(
            f"{file} was made from other folds, models or settings than the present ones: {again}."
        )
    try:
        confidence = [float(text) for text in table["confidence"]]
    except ValueError:
        raise InputError(f"{file} has a confidence that is not a number: {again}.") from None
    return dict(zip(images, zip(individual_ids, confidence, strict=True), strict=True))


def write_labels(
    experiment: Experiment,
    data: DataSet,
    records: Path,
    fold: int,
    known: Mapping[str, tuple[str, float]],
) -> None:
    """Write one fold's pseudo.csv: image, species, individual_id, confidence.

    An image that the round before trained on, one of the `known`, would be confirmed by itself: it
    keeps its first confidence, and its label only as long as the newest model agrees.
    """
    import pandas as pd

    from tf_happywhale.disk.files import write_csv
    from tf_happywhale.pictures.near_duplicates import near_duplicates
    from tf_happywhale.places import pseudo_file
    from tf_happywhale.retrieval.confidence import keep_first_confidence, predict_confidently
    from tf_happywhale.retrieval.ensemble.members import load_side

    before = experiment.in_round(experiment.round - 1, fold)
    gallery = load_side(before, "train", data.images)
    queries = load_side(before, "test", data.test_images)
    folds = data.fold_of
    who, confidence = predict_confidently(
        gallery, queries, data.individual_ids, folds, fold, experiment.rank
    )
    earlier = [known.get(image) for image in data.test_images]
    confidence = keep_first_confidence(who, confidence, earlier)
    taken = confidence >= experiment.pseudo.confidence
    validation = [image for image in data.images if folds[image] == fold]
    seen = near_duplicates(
        read_thumbnails(records, "test", data.test_images),
        read_thumbnails(records, "train", validation),
        experiment.pseudo.duplicate,
    )
    print(
        f"pseudo: {int(taken.sum())} of {len(taken)} images are confidently known, of which "
        f"{int((taken & seen).sum())} are nearly images of fold {fold} and left out"
    )
    species = data.species_of
    kept = taken & ~seen
    table = pd.DataFrame(
        {
            "image": [image for image, take in zip(data.test_images, kept, strict=True) if take],
            "species": [species[identity] for identity in who[kept].tolist()],
            "individual_id": who[kept].tolist(),
            "confidence": [f"{value:.4f}" for value in confidence[kept]],
        }
    )
    write_csv(pseudo_file(experiment, fold), table)


def read_thumbnails(records: Path, split: str, images: list[str]) -> np.ndarray:
    """`thumbnails` of a split's images, in their order, from the records' primary crops."""
    import numpy as np

    from tf_happywhale.pictures.near_duplicates import SIDE, thumbnails
    from tf_happywhale.records.reader import checked, evaluation_batches

    rows = {image: n for n, image in enumerate(images)}
    pictures = np.zeros((len(images), SIDE, SIDE, 3), np.uint8)
    batches = evaluation_batches(records, split, images, size=SIDE, batch_size=64)
    for batch, names, mask in checked(batches, records):
        kept = mask.numpy()
        places = [rows[name.decode("utf-8")] for name in names.numpy()[kept]]
        pictures[places] = batch.numpy()[kept]
    return thumbnails(pictures)


if __name__ == "__main__":
    command(main, "pseudo", __doc__, EXAMPLES)
