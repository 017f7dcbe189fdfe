"""A gallery that is searched by its index: photographs are compared with some of its images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import Gallery, is_gallery, own_model
from tf_happywhale.galleries.indexing import recall_sentence
from tf_happywhale.galleries.search_index import SearchIndex, open_search_index
from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.teaching.who_teaches import WhoTeaches, who_teaches
from tf_happywhale.retrieval.embeddings import Embeddings

TEACHES = (
    "Most of the gallery's individuals are unknown to the model, and would teach where "
    "new_individual goes. With identify.search=index they are not asked."
)


@dataclass(frozen=True)
class IndexedGallery:
    """A saved gallery whose index proposes individuals; the rest is as in a small gallery.

    Attributes:
        index: the opened gallery.
        identifier: has embedded it.
        experiment: the settings, without local matching.
    """

    index: SearchIndex
    identifier: Identifier
    experiment: Experiment

    def known(self, queries: Embeddings) -> Embeddings:
        """Return all images of the individuals that some animals may be."""
        found = self.index.shortlist(queries.embedding, self.experiment.rank.candidates)
        pictures = found.column("picture").tolist()
        paths = [str(self.index.folder / path) if path else "" for path in pictures]
        return replace(found, columns=found.columns | {"picture": np.array(paths, np.str_)})

    def teacher(self, known: Embeddings) -> WhoTeaches:
        """Return who teaches: never the gallery, of which `known` are only the likeliest images."""
        teacher = who_teaches(self.identifier, known)
        if teacher.asked is None:
            return teacher
        return WhoTeaches(None, (*teacher.said, TEACHES))

    def size(self, known: Embeddings) -> str:
        """Return how many images there are, and how many were compared."""
        compared = len(np.unique(known.individual_id))
        return (
            f"{self.index.images} images, of which {len(known)} of {compared} individuals were "
            "compared"
        )

    def note(self, known: Embeddings) -> str:
        """Return how the gallery was searched, and what that misses, in sentences."""
        waiting = ""
        if self.index.waiting:
            waiting = (
                f" {self.index.waiting} images are not in the index yet and were all compared: "
                "`gallery index` takes them in."
            )
        return (
            f"Searched by the gallery's index, which may miss an individual: {self.size(known)}. "
            f"{recall_sentence(self.index.head)}{waiting} identify.search=exact compares all."
        )


def indexed_gallery(
    folder: Path | None, identifier: Identifier, experiment: Experiment
) -> IndexedGallery | None:
    """Return a gallery that is searched by its index; None if `identify.search` says `exact`.

    Raises:
        InputError: it is no saved gallery, another model embedded it, it has no index that fits it,
            or another setting needs the exact search.
    """
    if experiment.identify.search == "exact":
        return None
    if folder is None or not is_gallery(folder):
        raise InputError(
            f"identify.search=index needs a saved gallery, and {folder} is none: make one with "
            "`gallery build`, and its index with `gallery index`."
        )
    for setting, used in (
        ("identify.only", bool(experiment.identify.only)),
        ("match.use=always", experiment.match.use == "always"),
    ):
        if used:
            raise InputError(
                f"{setting} needs every image of the gallery: set identify.search=exact, or leave "
                f"{setting} out."
            )
    Gallery(Path(folder), own_model(folder)[1], ()).check(identifier.about)
    match = experiment.match.model_copy(update={"use": "never"})
    plain = experiment.model_copy(update={"match": match})
    return IndexedGallery(open_search_index(folder), identifier, plain)
