"""The embeddings file of one split: its images, read from the records, and the head's centres."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tf_happywhale.inference.embedding.embed_on_beam import embed_on_beam, make_parts, remove_parts
from tf_happywhale.inference.embedding.embedded_records import embed_shards
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.models.whitened import among_embeddings
from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings
from tf_happywhale.run_folders.model_files import load_model


def write_embeddings(
    model: TrainedModel,
    records: Path,
    split: str,
    labels: Mapping[str, str],
    about: dict[str, str],
    order: list[str],
    target: Path,
) -> None:
    """Embed the images of a split, and write the embeddings file.

    Args:
        model: the model.
        records: the records folder.
        split: train or test.
        labels: individual_id by image; empty if the image is to be identified.
        about: what the embeddings are made by.
        order: individuals in the order of the classes of the model's head; a published model has
            none.
        target: the embeddings file.

    Raises:
        InputError: the records lack images, or the model was trained again since `about` was made.
    """
    options, mirrored = model.experiment.beam_options, about["view"] == "mirrored"
    label = f"embedding {target.stem.replace('-', ' ')}"
    if options:
        parts = make_parts(model, records, split, about, target)
        embedding, images = embed_on_beam(parts, list(labels), options, label)
    else:
        embedding, images = embed_shards(
            model.load(), model.experiment, records, split, list(labels), label, mirrored
        )
    embeddings = Embeddings(
        embedding,
        images,
        np.array([labels[image] for image in images], dtype=np.str_),
        about,
        **({} if model.published else _centres(model, order)),
    )
    save_embeddings(target, embeddings)
    remove_parts(target)


def _centres(model: TrainedModel, order: list[str]) -> dict[str, np.ndarray]:
    """Return the centres [c, d] in a model's head, and the individual of each, str [c]."""
    head = load_model(model.folder / "classifier.keras").get_layer("arcface")
    return {
        "centre": among_embeddings(load_model(model.file), np.asarray(head.centre)),
        "centre_id": np.repeat(np.array(order, dtype=np.str_), head.subcentres),
    }
