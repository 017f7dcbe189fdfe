"""The images of a records folder, or of some of its shards, embedded by one model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.inference.embedding.embed_batches import embed
from tf_happywhale.inference.engines.runtimes import Forward
from tf_happywhale.inference.which_model.embedded_crops import embedded_sources, mean_of_crops
from tf_happywhale.records.evaluation_reader import evaluation_batches
from tf_happywhale.records.manifest import Shard
from tf_happywhale.records.pipeline import checked


def embed_shards(
    forward: Forward,
    experiment: Experiment,
    records: Path,
    split: str,
    images: Sequence[str] | None,
    label: str | None,
    mirrored: bool,
    only: Sequence[Shard] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the embeddings [n, d] float32 of a split's images, and their names str [n], in the
    folder's order.

    Args:
        forward: the model.
        experiment: the settings of the model.
        records: the records folder.
        split: train or test.
        images: the names of the images wanted; None: all that are in the shards `only`.
        label: the text of the progress bar; None: no bar.
        mirrored: swap left and right in each picture.
        only: the shards that are read; None: those of the split.

    Raises:
        InputError: the records lack images, or are damaged.
    """
    each = []
    count = sum(shard.count for shard in only or []) if images is None else len(images)
    for source in embedded_sources(experiment.records):
        batches = evaluation_batches(
            records,
            split,
            images,
            size=experiment.image_size,
            batch_size=experiment.embed.batch_size,
            source=source,
            only=only,
        )
        embedding, names = embed(
            forward, checked(batches, records), count, label, mirrored=mirrored
        )
        each.append(embedding)
    return mean_of_crops(each), names
