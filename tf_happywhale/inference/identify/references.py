"""What photographs are compared with: a whole gallery, what its index proposes, or nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.detection.detector import Detector
from tf_happywhale.galleries.decided_groups import DecidedGroups
from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.gallery.gallery_candidates import side_notes
from tf_happywhale.inference.gallery.indexed_gallery import IndexedGallery, indexed_gallery
from tf_happywhale.inference.gallery.reference_images import load_gallery
from tf_happywhale.inference.identify.from_nothing import group_everything, is_nothing
from tf_happywhale.inference.identify.how_identified import gallery_note, how_identified
from tf_happywhale.inference.identify.ranked_animals import RankedAnimals, rank_photographs
from tf_happywhale.messages import timed
from tf_happywhale.retrieval.embeddings import Embeddings


@dataclass(frozen=True)
class Compared:
    """Animals that were compared with a gallery.

    Attributes:
        ranked: the animals, and who they may be.
        gallery: the reference images that they were compared with; empty if nobody is known.
        notes: how they were identified, and what the gallery holds and has taught, in sentences.
        size: how many images were searched, in words, if `gallery` has some of them only.
    """

    ranked: RankedAnimals
    gallery: Embeddings
    notes: Sequence[str]
    size: str = ""


@dataclass(frozen=True)
class References:
    """What photographs are compared with.

    Attributes:
        place: a saved gallery, a catalogue folder, or `none`.
        identifier: has embedded it, and embeds the photographs.
        experiment: the settings.
        images: all reference images; None: nobody is known, or `indexed` proposes some of them.
        indexed: the gallery with its index; None: every image is compared.
        not_compared: why a reference image could not be read, by image.
    """

    place: Path
    identifier: Identifier
    experiment: Experiment
    images: Embeddings | None = None
    indexed: IndexedGallery | None = None
    not_compared: Mapping[str, str] = field(default_factory=dict)

    def rank(self, queries: Embeddings, decided: DecidedGroups) -> Compared:
        """Rank the individuals for the animals in photographs, and print how.

        Args:
            queries: the animals, with the column encounter.
            decided: what a person has decided about groups of new animals.
        """
        ranked, known = self._ranked(queries, decided)
        sides = side_notes(ranked.queries, known, self.experiment.identify)
        said = [*ranked.here.said, *ranked.groups.said]
        for sentence in [*sides, *said, *dict.fromkeys(ranked.apart.values())]:
            print(sentence)
        taught, matched = self.identifier.models[0].taught, ranked.matching is not None
        how = [how_identified(taught, matched), *self._holds(known)]
        notes = [*how, *sides, *ranked.filtered, *said]
        return Compared(ranked, known, notes, self.indexed.size(known) if self.indexed else "")

    def _ranked(
        self, queries: Embeddings, decided: DecidedGroups
    ) -> tuple[RankedAnimals, Embeddings]:
        """Return the animals ranked, and the reference images that they were compared with."""
        identifier, indexed, known = self.identifier, self.indexed, self.images
        if indexed is not None:
            with timed(f"searching {indexed.index.images} images by the index"):
                known = indexed.known(queries)
            teacher, settings = indexed.teacher(known), indexed.experiment
            ranked = rank_photographs(
                queries, known, settings, identifier, self.place, decided, teacher
            )
            print(indexed.note(known))
        elif known is None:
            known = queries.take(np.zeros(0, np.int64))
            ranked = group_everything(queries, self.experiment, identifier, decided)
        else:
            ranked = rank_photographs(
                queries, known, self.experiment, identifier, self.place, decided
            )
        return ranked, known

    def _holds(self, known: Embeddings) -> list[str]:
        """Return what the gallery holds, or how its index was used, in sentences."""
        if self.indexed is not None:
            return [self.indexed.note(known)]
        return [gallery_note(known.individual_id.tolist())] if len(known) else []


def load_references(
    place: Path, identifier: Identifier, experiment: Experiment, detector: Detector | None
) -> References:
    """Return what photographs are compared with; a catalogue is embedded.

    Args:
        place: a saved gallery, a catalogue folder, or `none`.
        identifier: embeds the catalogue.
        experiment: the settings.
        detector: draws boxes of pictures that no table has a box for; None: nothing does.

    Raises:
        InputError: there is no gallery that can be used, or it has no index that can.
    """
    indexed = indexed_gallery(place, identifier, experiment)
    if indexed is not None or is_nothing(place):
        return References(place, identifier, experiment, indexed=indexed)
    with timed("embedding the gallery"):
        known, not_compared = load_gallery(place, identifier, experiment, detector)
    return References(place, identifier, experiment, known, not_compared=not_compared)
