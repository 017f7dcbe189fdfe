"""Identification: photographs are embedded, ranked against a gallery, and written as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.photographs.own_output import mark_new_output
from tf_happywhale.config import Experiment, Quality
from tf_happywhale.detection.detector import find_detector
from tf_happywhale.disk.files import write_csv
from tf_happywhale.errors import Incomplete
from tf_happywhale.galleries.decisions import decided_before
from tf_happywhale.galleries.named_groups import GROUPS, NamedGroups
from tf_happywhale.galleries.queries import corrections_of, save_queries
from tf_happywhale.inference.embedding.box_source import with_source
from tf_happywhale.inference.embedding.identifier import Identifier, damage_sentences
from tf_happywhale.inference.identify.encounters_made import with_made_encounters
from tf_happywhale.inference.identify.from_nothing import is_nothing
from tf_happywhale.inference.identify.photographs import (
    embed_photographs,
    find_animals,
    find_photographs,
)
from tf_happywhale.inference.identify.photographs_table import photographs_table, quality_warnings
from tf_happywhale.inference.identify.ranked_animals import RankedAnimals
from tf_happywhale.inference.identify.references import load_references
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.messages import timed
from tf_happywhale.places import output_folder
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.teaching.taught import Taught


@dataclass(frozen=True)
class Identification:
    """The animals in photographs, ranked against a gallery.

    Attributes:
        queries: the embedded animals.
        gallery: the reference images.
        predictions: the candidates of each animal, see `Ranking.table`.
        warnings: what is wrong with each animal's picture, by its key.
        failed: why a photograph could not be read, by name.
        not_compared: why a reference image could not be read, by image.
        matching: what matched the photographs with the gallery's images; None: nothing did.
        notes: how the animals were identified, and what the gallery holds and has taught.
        taught: what the gallery taught about new individuals and missed matches; None if the
            models' own catalogue teaches.
        groups: of animals that are probably nobody in the gallery.
        gallery_size: how many images were searched, in words, if `gallery` has some of them only.
    """

    queries: Embeddings
    gallery: Embeddings
    predictions: pd.DataFrame
    warnings: Mapping[str, Sequence[str]]
    failed: Mapping[str, str]
    not_compared: Mapping[str, str]
    matching: LocalMatching | None = None
    notes: Sequence[str] = ()
    taught: Taught | None = None
    groups: NamedGroups = field(default_factory=NamedGroups)
    gallery_size: str = ""


def identify_photographs(
    experiment: Experiment, identifier: Identifier, gallery: Path, given: Sequence[str]
) -> Identification:
    """Identify the animals in photographs. Write `predictions.csv`, `photographs.csv`,
    `groups.csv` and `queries.npz` to the output folder, and print how long each step took.

    Args:
        experiment: the settings.
        identifier: embeds the photographs.
        gallery: a saved gallery, a catalogue folder, or `none`.
        given: photographs, and folders of them.

    Raises:
        InputError: there is no photograph or no gallery that can be used.
    """
    output = output_folder(experiment)
    photos, not_read = find_photographs(given, experiment)
    mark_new_output(output)
    identifier = with_source(identifier, experiment, gallery, photos)
    detector = find_detector(experiment, identifier.home)
    with timed(f"boxes of {len(photos)} photographs"):
        shots = find_animals(experiment, identifier, photos, detector)
    corrected = "" if is_nothing(gallery) else corrections_of(gallery)
    references = load_references(gallery, identifier, experiment, detector)
    with timed("embedding the photographs"):
        queries, failed = embed_photographs(identifier, shots, photos)
    queries = with_made_encounters(queries, experiment.identify, output)
    not_compared = references.not_compared
    for image, reason in [*sorted(not_compared.items()), *sorted(failed.items())]:
        print(f"left out: {image}: {reason}")
    for sentence in damage_sentences(queries):
        print(sentence)
    compared = references.rank(queries, decided_before(experiment, queries))
    warned = _warnings(compared.ranked, experiment.quality)
    predictions = compared.ranked.ranking.table(experiment.rank.candidates)
    write_csv(output / "predictions.csv", predictions)
    queries = compared.ranked.queries
    save_queries(output, queries, corrected)
    write_csv(output / "photographs.csv", photographs_table(queries, warned, not_read | failed))
    write_csv(output / GROUPS, compared.ranked.groups.table())
    return Identification(
        queries=queries,
        gallery=compared.gallery,
        predictions=predictions,
        warnings=warned,
        failed=failed,
        not_compared=not_compared,
        matching=compared.ranked.matching,
        notes=compared.notes,
        taught=compared.ranked.here.taught,
        groups=compared.ranked.groups,
        gallery_size=compared.size,
    )


def _warnings(ranked: RankedAnimals, limits: Quality) -> dict[str, list[str]]:
    """Return what is wrong with each animal's picture, by its key, and first why an animal is
    ranked alone although it is of an encounter."""
    warned = quality_warnings(ranked.queries, limits)
    return warned | {key: [sentence, *warned[key]] for key, sentence in ranked.apart.items()}


def check_complete(found: Identification, table: Path) -> None:
    """Raise Incomplete if photographs have no answer, or reference images were not compared.

    Args:
        found: the result.
        table: where the reasons are written.
    """
    parts = []
    if found.failed:
        parts.append(f"{len(found.failed)} of the photographs have no answer ({table} says why)")
    if found.not_compared:
        parts.append(f"{len(found.not_compared)} of the gallery's images were not compared")
    if parts:
        raise Incomplete(
            f"{' and '.join(parts)}, since they cannot be read; the others are done. Replace the "
            "files listed above, or take them out, and run this again."
        )
