"""The images of a records folder embedded by the workers of an Apache Beam runner: a shard each.

What a shard's images become lies in a file until all are joined, so a shard is embedded again only
if its file is missing. All workers share the folders of the records and of the model, and the one
in which the embeddings file will lie.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from tf_happywhale.backend import set_backend
from tf_happywhale.beam_workers import do_pieces
from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.npz import write_npz
from tf_happywhale.disk.temporary import remove
from tf_happywhale.inference.engines.conversion import CONVERTERS
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.records.manifest import Shard, read_manifest, shards_of


@dataclass(frozen=True)
class ShardPart:
    """A shard to be embedded.

    Attributes:
        file: the file that its embeddings are written to.
        shard: the shard.
    """

    file: Path
    shard: Shard


@dataclass(frozen=True)
class Parts:
    """The shards of a split to be embedded by one model.

    Attributes:
        model: the model.
        records: the records folder.
        split: train or test.
        mirrored: swap left and right in each picture.
        parts: the shards, in the folder's order.
    """

    model: TrainedModel
    records: Path
    split: str
    mirrored: bool
    parts: list[ShardPart]


@dataclass
class LoadedModel:
    """A model in a worker's process, which embeds one shard at a time with all cores."""

    model: TrainedModel

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.forward = self.model.load()


def make_parts(
    model: TrainedModel, records: Path, split: str, about: dict[str, str], target: Path
) -> Parts:
    """Return the parts of an embeddings file; arguments as in `embed_split.write_embeddings`.

    Their names tell what they are made of, so that none is taken for one of another model or of
    other records.
    """
    shards = shards_of(read_manifest(records), split)
    made_from = [about, records.name, [[shard.file, shard.sha256] for shard in shards]]
    folder = target.absolute().with_name(f"{_prefix(target)}{digest(made_from)[:16]}")
    return Parts(
        replace(model, folder=model.folder.absolute()),
        records.absolute(),
        split,
        about["view"] == "mirrored",
        [ShardPart(folder / f"{n:06d}.npz", shard) for n, shard in enumerate(shards)],
    )


def embed_on_beam(
    parts: Parts, images: Sequence[str], options: Sequence[str], label: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the embeddings [n, d] of the images and their names str [n], as one machine does.

    Args:
        parts: the shards.
        images: the names of the images wanted.
        options: of Apache Beam.
        label: the text of the progress bar.

    Raises:
        InputError: the records lack images, or see `beam_workers.do_pieces`.
        Stopped: a worker on this machine died.
    """
    from tf_happywhale.inference.embedding.embed_batches import check_count  # which imports Keras

    whole = parts.model.about["model"]  # the workers compare their model's content with it
    if parts.model.embed.engine in CONVERTERS and whole:
        parts.model.load()  # converts it, if that was not done yet, for all of them
    without = replace(parts, parts=[])
    work, load = partial(embed_shard, without), partial(load_model, without)
    do_pieces(parts.parts, work, options, label, load)
    embedding, names = join_shards([part.file for part in parts.parts], images)
    check_count(len(names), len(images))
    return embedding, names


def load_model(parts: Parts) -> LoadedModel:
    """Return the model, in a worker."""
    set_backend(parts.model.experiment.train.device)
    return LoadedModel(parts.model)


def embed_shard(parts: Parts, part: ShardPart, loaded: LoadedModel) -> None:
    """Embed a shard and write its file, in a worker."""
    from tf_happywhale.inference.embedding.embedded_records import (
        embed_shards,  # which imports TensorFlow
    )

    with loaded.lock:
        embedding, images = embed_shards(
            loaded.forward,
            parts.model.experiment,
            parts.records,
            parts.split,
            None,
            None,
            parts.mirrored,
            [part.shard],
        )
    write_npz(part.file, {"embedding": embedding, "image": images})


def join_shards(files: Sequence[Path], images: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the embeddings [n, d] float32 and names str [n] in the files of shards, in the files'
    order; images that are not wanted are left out."""
    wanted, embeddings, names = set(images), [], []
    for file in files:
        with np.load(file, allow_pickle=False) as part:
            kept = np.array([image in wanted for image in part["image"].tolist()], bool)
            embeddings.append(part["embedding"][kept])
            names.append(part["image"][kept])
    if not sum(map(len, names)):
        return np.zeros((0, 0), np.float32), np.zeros(0, np.str_)
    return np.concatenate(embeddings), np.concatenate(names)


def remove_parts(target: Path) -> None:
    """Remove the files of shards, when the embeddings file is written; also those of an earlier
    model."""
    for folder in target.parent.glob(f"{_prefix(target)}*"):
        remove(folder)


def _prefix(target: Path) -> str:
    return f".{target.stem}.parts-"
