"""The model and the gallery as the server keeps them in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.inference.embedding.box_source import with_source
from tf_happywhale.inference.embedding.identifier import Identifier, load_identifier
from tf_happywhale.inference.embedding.shots import as_seen, stored_crops
from tf_happywhale.inference.gallery.rated_gallery import RatedGallery, rate_gallery
from tf_happywhale.inference.gallery.reference_images import load_gallery
from tf_happywhale.inference.which_model.embedded_crops import mean_of_crops
from tf_happywhale.pictures.pixels import read_file
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.server.home.gallery_stamp import Stamp, stamp_of
from tf_happywhale.server.requests.checked_pictures import checked_picture

# Of batches; others are filled up to these, and what is filled up is computed for nothing.
SIZES = (*range(1, 9), *range(10, 17, 2), *range(20, 33, 4), 40, 48, 56, 64)
Crops = tuple[np.ndarray, ...]  # of each model, uint8 [sources, s, s, 3]


@dataclass(frozen=True)
class LoadedModel:
    """What answers: the models that embedded the gallery, and the gallery.

    Attributes:
        identifier: the models.
        forwards: each as a function of pictures uint8 [n, s, s, 3] to float32 [n, d].
        gallery: rates individuals.
        stamp: of the gallery's files, see `stamp_of`.
    """

    identifier: Identifier
    forwards: tuple[Callable[[np.ndarray], np.ndarray], ...]
    gallery: RatedGallery
    stamp: Stamp

    @property
    def name(self) -> str:
        """What tells this model's embeddings from others'."""
        return self.identifier.about["model"]

    @property
    def most(self) -> int:
        """Pictures of a batch, at most."""
        return min(self.identifier.batch_size, SIZES[-1])

    def crops(self, file: Path, name: str) -> Crops:
        """Return what the models see of a photograph: the whole of it.

        Args:
            file: the photograph.
            name: what the error calls it.

        Raises:
            InputError: it is not a picture, is cut off or has too many pixels.
        """
        checked_picture(file, name)
        encoded = read_file(file)
        found: dict[tuple, list[np.ndarray]] = {}
        for model in self.identifier.models:
            kind = model.sizes[0], model.published is not None
            found[kind] = found.get(kind) or stored_crops(encoded, [None], model, name)
        kinds = [(model.sizes[0], model.published is not None) for model in self.identifier.models]
        return tuple(
            as_seen(found[kind] * len(model.sources), model)
            for kind, model in zip(kinds, self.identifier.models, strict=True)
        )

    def embed(self, pictures: Sequence[Crops]) -> np.ndarray:
        """Return the embeddings float32 [n, d] of at most `most` pictures."""
        rows = [
            _embed(forward, np.stack([crops[n] for crops in pictures]))
            for n, forward in enumerate(self.forwards)
        ]
        if len(rows) == 1:
            return rows[0]
        return stack(rows, weights=self.identifier.learned.shares).tile(slice(None))

    def warm_up(self) -> None:
        """Embed black pictures, so that the first request need not wait for the compiler."""
        for model, forward in zip(self.identifier.models, self.forwards, strict=True):
            side = model.sizes[1]
            for count in (1, 2):
                forward(np.zeros((count, side, side, 3), np.uint8))


def load_model(
    folder: Path, settings: Sequence[str] = (), before: LoadedModel | None = None
) -> LoadedModel:
    """Return the gallery in a folder, and the models that embedded it.

    Args:
        folder: of the gallery.
        settings: `key=value` of the config, such as where models are kept.
        before: what was loaded before; its networks are used if they are the same.

    Raises:
        InputError: there is no gallery, it is empty, or its model is gone or another one now.
    """
    stamp = stamp_of(folder)
    if stamp is None:
        raise InputError(f"There is no gallery in {folder} yet: build one first.")
    experiment, identifier = load_identifier(None, list(settings), folder)
    identifier = with_source(identifier, experiment, folder)
    known, _ = load_gallery(folder, identifier, experiment)
    rated = rate_gallery(known, identifier, experiment)
    if before is not None and before.identifier.about == identifier.about:
        return LoadedModel(identifier, before.forwards, rated, stamp)
    forwards = tuple(model.load() for model in identifier.models)
    loaded = LoadedModel(identifier, forwards, rated, stamp)
    loaded.warm_up()
    return loaded


def _embed(forward: Callable[[np.ndarray], np.ndarray], crops: np.ndarray) -> np.ndarray:
    """Return embeddings [n, d] of crops [n, sources, s, s, 3]. A batch is filled up to one of
    `SIZES`, so that few are compiled."""
    size = next(size for size in SIZES if size >= len(crops))
    each = []
    for source in range(crops.shape[1]):
        pictures = crops[:, source]
        filled = np.pad(pictures, [(0, size - len(pictures)), (0, 0), (0, 0), (0, 0)])
        each.append(np.asarray(forward(filled)[: len(pictures)], np.float32))
    return mean_of_crops(each)
