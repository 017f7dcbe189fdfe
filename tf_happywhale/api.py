"""The Python API: load a model, embed and identify photographs, open a catalogue."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.backend import set_backend
from tf_happywhale.catalogue.dataset import DataSet, load_data
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import Gallery, open_gallery
from tf_happywhale.retrieval.embeddings import Embeddings

# What imports Keras is imported in functions: `load_model` chooses Keras' backend before.
if TYPE_CHECKING:
    import pandas as pd

    from tf_happywhale.inference.embedding.identifier import Identifier

Paths = str | Path | Iterable[str | Path]


@dataclass(frozen=True)
class LoadedModel:
    """A trained model, or an ensemble of them, which embeds photographs.

    Photographs are files, folders of them, or a list of both. What cannot be read is printed and
    left out.

    Attributes:
        experiment: the settings.
        identifier: the networks, and what is known about new individuals.
    """

    experiment: Experiment
    identifier: Identifier

    def embed(self, photographs: Paths) -> Embeddings:
        """Return an embedding [n, d] float32 for each animal in the photographs.

        Raises:
            InputError: there is no photograph, or none can be read.
        """
        return self._embed(photographs, None)

    def embed_catalogue(self, folder: str | Path) -> Embeddings:
        """Return an embedding [n, d] float32 for each image of a catalogue folder, with its
        individual.

        Raises:
            InputError: there is no catalogue, or no image of it can be read.
        """
        from tf_happywhale.detection.detector import find_detector
        from tf_happywhale.inference.embedding.box_source import with_source
        from tf_happywhale.inference.gallery.reference_images import embed_catalogue

        folder = Path(folder).expanduser()
        identifier = with_source(self.identifier, self.experiment, folder)
        detector = find_detector(self.experiment, identifier.home)
        return _print_failed(*embed_catalogue(folder, identifier, self.experiment, detector))

    def identify(
        self, photographs: Paths | Embeddings, gallery: str | Path | Gallery | Embeddings
    ) -> pd.DataFrame:
        """Return the candidates of each animal, best first, with `new_individual` among them.

        Args:
            photographs: photographs, or what `embed` returned.
            gallery: a gallery or a catalogue folder, or its reference images.

        Returns:
            Rows of image and box_number (the animal), rank (from 1), individual_id, score (the
            cosine; from 0 to 1 if pictures were matched), p_new (the probability that the animal is
            new; NaN if unknown), reference_image and reference_box_number (the individual's image
            most like it; empty for `new_individual`).

        Raises:
            InputError: there is no photograph or no gallery that can be used, another model
                embedded the gallery or the photographs, or no reference image names an individual.
        """
        from tf_happywhale.inference.gallery.indexed_gallery import indexed_gallery
        from tf_happywhale.inference.identify.ranked_animals import rank_photographs

        queries, folder, experiment, teacher = photographs, _folder(gallery), self.experiment, None
        indexed = indexed_gallery(folder, self.identifier, experiment)
        known = None if indexed else self._known(gallery)
        if isinstance(queries, Embeddings):
            self._check_own(queries, "photographs")
        else:
            queries = self._embed(queries, folder)
        if indexed:
            known, experiment = indexed.known(queries), indexed.experiment
            teacher = indexed.teacher(known)
            print(indexed.note(known))
        found = rank_photographs(
            queries, known, experiment, self.identifier, folder, teacher=teacher
        )
        return found.ranking.table(self.experiment.rank.candidates).astype({"score": float})

    def _embed(self, photographs: Paths, gallery: Path | None) -> Embeddings:
        """Return the embeddings of photographs, as they are compared with a gallery."""
        from tf_happywhale.detection.detector import find_detector
        from tf_happywhale.inference.embedding.box_source import with_source
        from tf_happywhale.inference.identify.photographs import (
            embed_photographs,
            find_animals,
            find_photographs,
        )

        given = [photographs] if isinstance(photographs, str | Path) else photographs
        photos, _ = find_photographs([str(path) for path in given], self.experiment)
        identifier = with_source(self.identifier, self.experiment, gallery, photos)
        detector = find_detector(self.experiment, identifier.home)
        shots = find_animals(self.experiment, identifier, photos, detector)
        return _print_failed(*embed_photographs(identifier, shots, photos))

    def _known(self, gallery: str | Path | Gallery | Embeddings) -> Embeddings:
        """Return the reference images that this model has embedded."""
        from tf_happywhale.detection.detector import find_detector
        from tf_happywhale.inference.embedding.box_source import with_source
        from tf_happywhale.inference.gallery.reference_images import load_gallery

        if isinstance(gallery, Embeddings):
            self._check_own(gallery, "reference images")
            if len(gallery) and not gallery.individual_id.astype(bool).any():
                raise InputError(
                    "None of the reference images names an individual: the photographs come first, "
                    "then the gallery; `embed_catalogue` embeds one."
                )
            return gallery
        folder = _folder(gallery)
        identifier = with_source(self.identifier, self.experiment, folder)
        detector = find_detector(self.experiment, identifier.home)
        return _print_failed(*load_gallery(folder, identifier, self.experiment, detector))

    def _check_own(self, images: Embeddings, which: str) -> None:
        """Refuse embeddings by another model. Those that do not say by which are taken."""
        own, theirs = self.identifier.about["model"], images.about.get("model")
        if theirs and theirs != own:
            raise InputError(
                f"Another model embedded the {which}, and their scores with this one's mean "
                "nothing: embed them with this model."
            )


def load_model(path: str | Path, *settings: str) -> LoadedModel:
    """Load a model.

    Args:
        path: a run folder, a folder that `happywhale export` made, an ensemble's config, the name
            of a published model that was fetched, or `lite0`: ImageNet features, which nobody has
            taught an individual.
        settings: keys of the config, as `key=value`, such as `identify.boxes=boxes.csv`.

    Raises:
        InputError: there is no such model.
        ConfigError: a setting is wrong, or Keras was imported with a backend that is not known.
    """
    _prepare_keras()
    from tf_happywhale.inference.embedding.identifier import load_identifier

    return LoadedModel(*load_identifier(path, settings))


def build_gallery(
    model: str | Path | None, catalogue: str | Path, folder: str | Path, *settings: str
) -> Gallery:
    """Embed a catalogue folder into a new gallery, print what is in it, and return it.

    Args:
        model: see `load_model`; None: `lite0`.
        catalogue: the catalogue folder.
        folder: the gallery's. It is written whole or not at all, and never replaced.
        settings: see `load_model`.

    Raises:
        InputError: the folder exists, there is no model or no catalogue, or no image can be read.
        Incomplete: some images cannot be read; the gallery is made without them.
    """
    _prepare_keras()
    from tf_happywhale.inference.gallery import build_gallery as gallery_builder

    folder = Path(folder).expanduser()
    gallery_builder.build_gallery(model, Path(catalogue).expanduser(), folder, list(settings))
    return open_gallery(folder)


def open_catalogue(folder: str | Path, *settings: str) -> DataSet:
    """Read a catalogue folder: its table, its folds, and the photographs to identify.

    Args:
        folder: holds `train.csv`, `train_images/` and `test_images/`.
        settings: keys of the config, as `key=value`, such as `data.catalogue=sightings.csv`.

    Raises:
        InputError: something is missing or contradicts itself.
        ConfigError: a setting is wrong.
    """
    return load_data(load_experiment(None, [f"data.root={folder}", *settings]))


def _prepare_keras() -> None:
    """Choose Keras' backend before Keras is imported, as every command does."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    set_backend("auto")


def _folder(gallery: str | Path | Gallery | Embeddings) -> Path | None:
    if isinstance(gallery, Embeddings):
        return None
    return gallery.folder if isinstance(gallery, Gallery) else Path(gallery).expanduser()


def _print_failed(embedded: Embeddings, failed: dict[str, str]) -> Embeddings:
    for image, reason in sorted(failed.items()):
        print(f"left out: {image}: {reason}")
    return embedded
