"""Write pseudo.csv for each fold: confident predictions of the round before."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.dataset import DataSet, load_data
from tf_happywhale.config import Experiment
from tf_happywhale.disk.files import write_csv
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.pictures.near_duplicates import SIDE, near_duplicates, thumbnails
from tf_happywhale.places import output_folder, pseudo_file
from tf_happywhale.records.manifest import skipped_images
from tf_happywhale.records.plan import plan_records
from tf_happywhale.retrieval.ensemble.members import load_ensemble, load_labelled_gallery
from tf_happywhale.retrieval.ranking.label_confidence import (
    keep_first_confidence,
    predict_confidently,
)
from tf_happywhale.stages import stage
from tf_happywhale.training.pseudo_labels.labels_file import (
    labels_made_from,
    read_labels,
    stage_name,
)


def label_folds(experiment: Experiment) -> None:
    """For each fold write pseudo.csv from the round before; its next training reads it.

    Raises:
        ConfigError: there is no round before.
        InputError: an image of the catalogue and one to identify have the same name, or embeddings
            of the round before are missing.
    """
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
        before = experiment.in_round(experiment.round - 1, fold)
        known = read_labels(before, data, plan, fold) if before.round else {}
        made_from, older = labels_made_from(experiment, data, plan, fold)
        stage(
            output_folder(experiment),
            stage_name(experiment, fold),
            depends_on=made_from,
            older=[older],
            outputs=[pseudo_file(experiment, fold)],
            work=partial(write_labels, experiment, data, plan.folder, fold, known),
        )


def write_labels(
    experiment: Experiment,
    data: DataSet,
    records: Path,
    fold: int,
    known: Mapping[str, tuple[str, float]],
) -> None:
    """Write one fold's pseudo.csv: image, species, individual_id, confidence.

    The newest model has learned the labels of the round before (`known`), so it would confirm them.
    Such an image keeps its first confidence, and its label only while the newest model agrees.
    """
    before = experiment.in_round(experiment.round - 1, fold)
    gallery = load_labelled_gallery(before, data)
    queries = load_ensemble(before, "test", data.test_images)
    who, confidence = predict_confidently(gallery, queries, fold, experiment.rank)
    earlier = [known.get(image) for image in data.test_images]
    confidence = keep_first_confidence(who, confidence, earlier)
    taken = confidence >= experiment.pseudo.confidence
    validation = [image for image, number in data.fold_of.items() if number == fold]
    copies = near_duplicates(
        read_thumbnails(records, "test", data.test_images),
        read_thumbnails(records, "train", validation),
        experiment.pseudo.duplicate,
    )
    print(
        f"pseudo: {int(taken.sum())} of {len(taken)} images are confidently known, of which "
        f"{int((taken & copies).sum())} are nearly images of fold {fold} and left out"
    )
    kept = np.flatnonzero(taken & ~copies)
    table = pd.DataFrame(
        {
            "image": [data.test_images[row] for row in kept],
            "species": [data.species_of[identity] for identity in who[kept].tolist()],
            "individual_id": who[kept].tolist(),
            "confidence": [f"{value:.4f}" for value in confidence[kept]],
        }
    )
    write_csv(pseudo_file(experiment, fold), table)


def read_thumbnails(records: Path, split: str, images: list[str]) -> np.ndarray:
    """Return `thumbnails` [n, 256] of a split's images, in their order, from the primary crops."""
    # Imported here, since TensorFlow takes seconds, and mostly everything is up to date.
    from tf_happywhale.records.evaluation_reader import evaluation_batches
    from tf_happywhale.records.pipeline import checked

    rows = {image: n for n, image in enumerate(images)}
    pictures = np.zeros((len(images), SIDE, SIDE, 3), np.uint8)
    batches = evaluation_batches(records, split, images, size=SIDE, batch_size=64)
    for batch, names, mask in checked(batches, records):
        kept = mask.numpy()
        places = [rows[name.decode("utf-8")] for name in names.numpy()[kept]]
        pictures[places] = batch.numpy()[kept]
    return thumbnails(pictures)
